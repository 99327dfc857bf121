// The attachment menu: samples made for this page, or files from this computer.

import { showPicked } from "./attachment.js";
import { openMenu } from "./menu.js";
import { chooseFiles } from "./picked.js";
import { actAs } from "./wire.js";
import { t } from "./words.js";

const KINDS = { photo: "photo", document: "document", sticker: "sticker", voice: "voice", contact: "contact", location: "place", poll: "poll" };

export function attachMenu(button, person, input) {
  const choose = (kind) => chooseFiles(input, kind, (files) => showPicked(person, files, kind));
  const samples = Object.entries(KINDS).map(([kind, icon]) => ({ icon, label: t(kind), done: () => actAs(person, "kind", { kind }) }));
  samples.splice(1, 0, { icon: "album", label: t("album"), done: () => actAs(person, "album", { kinds: ["photo", "photo", "photo"] }) });
  openMenu(button, t("attach"), [
    ...samples,
    { icon: "forward", label: t("forwarded-post"), done: () => actAs(person, "forward_post", { text: t("post-text"), channel: t("post-channel") }) },
    { icon: "photo", label: t("own-photo"), done: () => choose("photo") },
    { icon: "document", label: t("own-file"), done: () => choose("document") },
  ]);
}
