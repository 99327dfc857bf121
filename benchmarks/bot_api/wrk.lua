-- A wrk script: each request sends a message to the next chat.
local chat = 1000
local token = "1000000003:a-token-for-benchmarks-that-opens-nothing"
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"

function request()
  chat = chat + 1
  local body = "chat_id=" .. chat .. "&text=Gracias&parse_mode=HTML"
  return wrk.format(nil, "/bot" .. token .. "/sendMessage", nil, body)
end
