// What a person can send besides text: samples made for this page, or files of this computer.

import { openMenu } from "./menu.js";
import { actAs, upload } from "./wire.js";
import { t } from "./words.js";

const KINDS = { photo: "photo", document: "document", sticker: "sticker", voice: "voice", contact: "contact", location: "place", poll: "poll" };

export function attachMenu(button, person, file) {
  const samples = Object.entries(KINDS).map(([kind, icon]) => ({ icon, label: t(kind), done: () => actAs(person, "kind", { kind }) }));
  samples.splice(1, 0, { icon: "album", label: t("album"), done: () => actAs(person, "album", { kinds: ["photo", "photo", "photo"] }) });
  openMenu(button, t("attach"), [
    ...samples,
    { icon: "forward", label: t("forwarded-post"), done: () => actAs(person, "forward_post", { text: t("post-text"), channel: t("post-channel") }) },
    { icon: "photo", label: t("own-photo"), done: () => choose(person, file, "photo", "image/png,image/jpeg") },
    { icon: "document", label: t("own-file"), done: () => choose(person, file, "document", "") },
  ]);
}

function choose(person, file, kind, accept) {
  file.accept = accept;
  file.value = "";
  file.onchange = () => file.files[0] && upload(person, file.files[0], kind);
  file.click();
}
