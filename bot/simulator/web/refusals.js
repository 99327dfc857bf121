// Translates the simulator's English refusals to the language of the page.

import { language } from "./words.js";

const IN_SPANISH = [
  [/^that message is not there any more$/, "ese mensaje ya no está"],
  [/^that file is not there any more$/, "ese archivo ya no está"],
  [/^there is no such person on the page$/, "esa persona ya no está"],
  [/^only one's own messages can be edited$/, "solo se pueden editar los mensajes propios"],
  [/^what was forwarded cannot be edited$/, "lo reenviado no se puede editar"],
  [/^a message has 1 to (\d+) characters$/, "un mensaje tiene como mucho $1 caracteres"],
  [/^a caption has at most (\d+) characters$/, "el pie de una foto tiene como mucho $1 caracteres"],
  [/^the page shows (\d+) people at most$/, "aquí caben $1 personas como mucho"],
  [/^everybody on Telegram has a name$/, "en Telegram todo el mundo tiene un nombre"],
  [/^there is no bot now$/, "ahora mismo no hay bot"],
  [/^(.+) has blocked the bot$/, "$1 ha bloqueado el bot"],
  [/^(.+) has no account any more$/, "$1 ya no tiene cuenta"],
  [/IMAGE_PROCESS_FAILED|PHOTO_/, "ese archivo no es una foto que Telegram entienda"],
];

/** Returns the reason in the language of the page. */
export function refusal(sentence) {
  const known = language === "es" && IN_SPANISH.find(([pattern]) => pattern.test(sentence));
  return known ? sentence.replace(known[0], known[1]) : sentence;
}
