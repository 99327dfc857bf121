// The dialogs of the petition's texts, and of beginning again.

import { askToConfirm, labelled, LANGUAGES } from "./dialogs.js";
import { h } from "./dom.js";
import { state } from "./page_state.js";
import { act } from "./server_connection.js";
import { languageName, t } from "./translation.js";

const MORE_LANGUAGES = ["an", "ast", "oc", "pt-br", "ro", "bg", "pl", "cs", "sk", "hu", "el", "tr", "ru", "be", "ka", "hy", "nl", "sv", "da", "nb", "fi", "et", "lv", "lt", "sl", "hr", "sr", "mk", "sq", "ga", "cy", "mt", "is", "he", "fa", "ku", "ur", "hi", "bn", "ta", "zh-hant", "ja", "ko", "th", "vi", "id", "ms", "fil", "sw", "am", "so", "ht", "qu", "gn", "ay", "eo"];

/** Asks which other language the petition shall have; `done` is called with its tag. */
export function openLanguageDialog(done) {
  const tags = [...LANGUAGES, ...MORE_LANGUAGES].filter((tag) => tag && !(`${tag}.toml` in state.editor.files));
  const options = tags.map((tag) => [languageName(tag), tag]).sort(([one], [other]) => one.localeCompare(other));
  askToConfirm({
    title: t("add-language"),
    text: t("add-language-why"),
    body: labelled(t("which-language"), h("select", { name: "language", autofocus: true }, options.map(([name, tag]) => h("option", { value: tag }, name)))),
    yes: t("add"),
    done: (said) => done(said.get("language")),
  });
}

/**
 * Asks for the date of changed texts, later than `known`, and in each language what changed; `done`
 * is called with both. `written` is what could not be saved before, and `fault` says why.
 */
export function openVersionDialog(known, languages, done, { written = {}, fault } = {}) {
  const today = new Date(Date.now() - new Date().getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
  const said = languages.map((tag) => labelled(t("what-changed", { language: languageName(tag) }), h("textarea", { name: `changed-${tag}`, rows: "3", maxlength: "400", required: true, lang: tag, dir: "auto", defaultValue: written[tag] })));
  askToConfirm({
    title: t("new-version"),
    text: t("new-version-why"),
    body: [
      labelled(t("field-version"), h("input", { name: "version", type: "date", required: true, defaultValue: today > known ? today : "", max: "2999-12-31" })),
      said,
      fault && h("p", { class: "edit-failed", role: "alert" }, fault),
    ],
    yes: t("save"),
    done: (form) => done(form.get("version"), Object.fromEntries(languages.map((tag) => [tag, form.get(`changed-${tag}`)]))),
  });
}

export function confirmNewPetition() {
  askToConfirm({ title: t("afresh-ask"), text: t("afresh-why"), yes: t("begin"), danger: true, done: () => act("afresh") });
}
