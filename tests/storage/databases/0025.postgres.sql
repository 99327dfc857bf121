CREATE TABLE public.admin_names (
    petition text NOT NULL,
    admin bytea NOT NULL,
    name_sealed bytea NOT NULL,
    updated_at bigint NOT NULL
);
CREATE TABLE public.admin_notices (
    broadcast_id bytea NOT NULL,
    kind text NOT NULL,
    about text NOT NULL
);
CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.anonymous_counts (
    petition text NOT NULL,
    language text NOT NULL,
    with_name bigint NOT NULL,
    is_valid bigint NOT NULL,
    signatures bigint NOT NULL
);
CREATE TABLE public.audit (
    id bytea NOT NULL,
    petition text NOT NULL,
    at bigint NOT NULL,
    actor_sealed bytea,
    action text NOT NULL,
    detail text NOT NULL
);
CREATE TABLE public.awaited_closing_texts (
    petition text NOT NULL,
    admin bytea NOT NULL,
    entry text NOT NULL,
    kind text NOT NULL,
    day text,
    language text NOT NULL,
    asked_at bigint NOT NULL
);
CREATE TABLE public.broadcasts (
    id bytea NOT NULL,
    petition text NOT NULL,
    kind text NOT NULL,
    state text NOT NULL,
    content text NOT NULL,
    content_sha256 bytea NOT NULL,
    total bigint NOT NULL,
    created_at bigint NOT NULL,
    reported_at bigint,
    stop_reason text,
    progress_chat_sealed bytea,
    progress_message_id bigint,
    author_sealed bytea CONSTRAINT broadcasts_started_by_sealed_not_null NOT NULL,
    topic text DEFAULT 'closing'::text NOT NULL,
    source_chat_sealed bytea,
    source_language text DEFAULT 'es'::text NOT NULL,
    language text,
    news_only bigint DEFAULT 0 NOT NULL,
    paid bigint DEFAULT 0 NOT NULL,
    expected bigint,
    last_signature_number bigint,
    enqueued_through bigint DEFAULT 0 CONSTRAINT broadcasts_queued_upto_not_null NOT NULL,
    enqueued_at bigint,
    starts_at bigint,
    started_at bigint,
    ended_at bigint,
    recall_started_at bigint,
    recall_ended_at bigint,
    confirmed_by_sealed bytea,
    cancel_requested_at bigint,
    pause_reason text,
    reason_detail text,
    CONSTRAINT broadcasts_news_to_those_who_agreed CHECK (((kind <> 'news'::text) OR (news_only = 1))),
    CONSTRAINT broadcasts_state_known CHECK ((state = ANY (ARRAY['scheduled'::text, 'running'::text, 'paused'::text, 'finished'::text, 'stopped'::text, 'cancelled'::text])))
);
CREATE TABLE public.changes_after_export (
    id bytea NOT NULL,
    petition text NOT NULL,
    number bigint NOT NULL,
    change text NOT NULL,
    changed_at bigint NOT NULL,
    told_at bigint
);
CREATE TABLE public.closing_publications (
    id bytea NOT NULL,
    petition text NOT NULL,
    requested_by_sealed bytea NOT NULL,
    requested_at bigint NOT NULL,
    approved_by_sealed bytea,
    published_at bigint
);
CREATE TABLE public.closing_texts (
    id bytea NOT NULL,
    petition text NOT NULL,
    entry text NOT NULL,
    kind text NOT NULL,
    day text,
    language text NOT NULL,
    number bigint NOT NULL,
    text_sealed bytea NOT NULL,
    author_sealed bytea NOT NULL,
    written_at bigint NOT NULL,
    discarded_at bigint,
    publication_id bytea
);
CREATE TABLE public.consent_texts (
    sha256 bytea NOT NULL,
    petition text NOT NULL,
    language text NOT NULL,
    version text NOT NULL,
    text text NOT NULL
);
CREATE TABLE public.consents (
    id bytea NOT NULL,
    petition text NOT NULL,
    signature_id bytea NOT NULL,
    purposes text NOT NULL,
    text_sha256 bytea NOT NULL,
    text_version text NOT NULL,
    language text NOT NULL,
    channel text NOT NULL,
    message_id bigint NOT NULL,
    given_at bigint NOT NULL,
    news_ended_at bigint,
    updates_at_most bigint DEFAULT 0 NOT NULL,
    updates_ended_at bigint,
    with_name bigint DEFAULT 1 NOT NULL,
    with_name_ended_at bigint
);
CREATE TABLE public.conversations (
    petition text NOT NULL,
    supporter bytea NOT NULL,
    stage text NOT NULL,
    page bigint NOT NULL,
    return_stage text,
    language text,
    name_sealed bytea,
    news bigint NOT NULL,
    source text,
    message_id bigint,
    picture_id bigint,
    name_message_ids text CONSTRAINT conversations_typed_not_null NOT NULL,
    screen_digest bytea,
    version bigint NOT NULL,
    updated_at bigint NOT NULL,
    updates bigint DEFAULT 0 NOT NULL,
    with_name bigint,
    form_started_at bigint
);
CREATE TABLE public.deliveries (
    broadcast_id bytea NOT NULL,
    "position" bigint NOT NULL,
    signature_id bytea,
    language text NOT NULL,
    state text NOT NULL,
    attempts bigint DEFAULT 0 NOT NULL,
    claim_token bytea,
    updated_at bigint NOT NULL,
    message_ids text,
    recall_outcome text,
    CONSTRAINT deliveries_state_known CHECK ((state = ANY (ARRAY['pending'::text, 'sending'::text, 'delivered'::text, 'unreachable'::text, 'rejected'::text, 'unconfirmed'::text, 'withdrawn'::text])))
);
CREATE TABLE public.drafts (
    petition text NOT NULL,
    admin bytea NOT NULL,
    body_sealed bytea NOT NULL,
    updated_at bigint NOT NULL
);
CREATE TABLE public.erased_deliveries (
    broadcast_id bytea NOT NULL,
    state text NOT NULL,
    recall_outcome text CONSTRAINT erased_deliveries_recall_not_null NOT NULL,
    people bigint NOT NULL
);
CREATE TABLE public.exports (
    id bytea NOT NULL,
    petition text NOT NULL,
    exported_at bigint NOT NULL,
    last_number bigint NOT NULL,
    with_name bigint NOT NULL,
    without_name bigint NOT NULL
);
CREATE TABLE public.handovers (
    id bytea NOT NULL,
    petition text NOT NULL,
    export_id bytea,
    handed_over_on text NOT NULL,
    manifest text NOT NULL,
    with_name bigint NOT NULL,
    without_name bigint NOT NULL,
    recorded_at bigint NOT NULL,
    undone_at bigint
);
CREATE TABLE public.invalidations (
    id bytea NOT NULL,
    petition text NOT NULL,
    reason_sealed bytea NOT NULL,
    condition_sealed bytea NOT NULL,
    signatures bigint NOT NULL,
    invalidated_at bigint NOT NULL,
    undone_at bigint,
    put_back bigint
);
CREATE TABLE public.leases (
    name text NOT NULL,
    holder text NOT NULL,
    expires_at bigint NOT NULL
);
CREATE TABLE public.person_codes (
    petition text NOT NULL,
    supporter bytea NOT NULL,
    code_digest bytea NOT NULL,
    ends_at bigint NOT NULL,
    attempts bigint DEFAULT 0 NOT NULL,
    used_at bigint
);
CREATE TABLE public.person_notices (
    id bytea NOT NULL,
    petition text NOT NULL,
    supporter bytea NOT NULL,
    chat_sealed bytea NOT NULL,
    language text NOT NULL,
    kind text NOT NULL,
    written_at bigint NOT NULL,
    attempts bigint DEFAULT 0 NOT NULL
);
CREATE TABLE public.petition_notices (
    petition text NOT NULL,
    kind text NOT NULL,
    about text NOT NULL,
    sent_at bigint
);
CREATE TABLE public.petitions (
    slug text NOT NULL,
    signatures bigint DEFAULT 0 NOT NULL,
    last_number bigint DEFAULT 0 NOT NULL,
    closed_at bigint,
    closed_signatures bigint,
    revision bigint DEFAULT 0 NOT NULL,
    key_fingerprint bytea,
    closes_at bigint,
    closes_at_chosen bigint DEFAULT 0 NOT NULL,
    erased_at bigint,
    sealed_with bytea,
    forgotten_version bigint DEFAULT 0 NOT NULL,
    CONSTRAINT petitions_count_not_negative CHECK ((signatures >= 0)),
    CONSTRAINT petitions_numbers_given CHECK ((signatures <= last_number))
);
CREATE TABLE public.restores (
    id bytea NOT NULL,
    petition text NOT NULL,
    backup_made_at bigint,
    restored_at bigint NOT NULL,
    lost bigint NOT NULL,
    repeated_at bigint,
    released_at bigint,
    journal_is_whole bigint DEFAULT 1 NOT NULL
);
CREATE TABLE public.sent_files (
    petition text NOT NULL,
    supporter bytea NOT NULL,
    message_id bigint NOT NULL,
    chat_sealed bytea NOT NULL,
    sent_at bigint NOT NULL,
    due bigint NOT NULL
);
CREATE TABLE public.signatures (
    id bytea NOT NULL,
    petition text NOT NULL,
    supporter bytea NOT NULL,
    number bigint NOT NULL,
    name_sealed bytea NOT NULL,
    chat_sealed bytea NOT NULL,
    language text NOT NULL,
    source text,
    text_version text NOT NULL,
    signed_at bigint NOT NULL,
    unreachable_at bigint,
    muted_at bigint,
    with_name bigint DEFAULT 1 NOT NULL,
    form_seconds bigint,
    restricted_at bigint,
    objected_at bigint,
    invalidation_id bytea,
    kept_version text
);
CREATE TABLE public.telegram_cache (
    petition text NOT NULL,
    key text NOT NULL,
    digest bytea NOT NULL,
    telegram_id text
);
INSERT INTO public.admin_names VALUES ('andry', '\x579ed4f7739b4ae8d1fd34859e944ff3a64414997cef0bced96ce0d8bd011543', '\x028531dc4994cfa5f5ff7a1fdbbdece3ede8d5fd57850c07147e7a9798c3f8836de321d69eb20b526f80738eea259ce2b4f75ffce885659e605141d6d478a60a5fab8439ff5e94dac80874059d55d75ebc21b25bb64afd6a951a677113a2e18b11', 1772366400000);
INSERT INTO public.alembic_version VALUES ('0025');
INSERT INTO public.audit VALUES ('\xea01f79b10b94bc2afa96fc15014e96b', 'andry', 1772366400000, NULL, 'person_correct', 'verified otherwise: carnet');
INSERT INTO public.audit VALUES ('\xc73339b33dbf40c480f0ef082ef7a50a', 'andry', 1772366400000, NULL, 'invalidate', '20f4ec3e9d8a44359b8e0b7250345240');
INSERT INTO public.audit VALUES ('\x62626262626262626262626262626262', 'andry', 1772366400000, '\x028531dc49e1a0bca18c2b3e8982e28fef739d2ec4df99464b4c54af84849da8ee995e3ace76fc5164ca5d748299f8ea91d700370a1c98aeaa1320fa2b940448a6d81a9ab3b87dad009008a4b905b65957c0e822fdd02955d72ebb4d18b04c7d29', 'broadcast', 'news to everyone');
INSERT INTO public.awaited_closing_texts VALUES ('andry', '\x579ed4f7739b4ae8d1fd34859e944ff3a64414997cef0bced96ce0d8bd011543', 'closing', 'closing', NULL, 'es', 1772366400000);
INSERT INTO public.broadcasts VALUES ('\x62626262626262626262626262626262', 'andry', 'news', 'running', '{"es": "<b>Hola</b>"}', '\x6363636363636363636363636363636363636363636363636363636363636363', 4, 1772366400000, NULL, NULL, '\x028531dc496000340077976f81f58d916031d3874d7092966f2a663b3fd676b49c14b0e1b30091f379b8051be10000bd32de1030d6e317ba10fb4b8c14bf761ef6755204fa400c6b63c307e60069af6732ebd50e05b090f850036d5ad81193b328', 5, '\x028531dc49acf178aad2d9d57de606580d23ddadb1d50a26ae27f3053caadbb62125b4b3e8b97ee9daf3524afa821efb89773d09cb449b202740e07d75e9191ac6d8912b23dc2ef4e5ff401120b2faec5d6bb795742d087e3d725c9b888934452f', '62626262626262626262626262626262', '\x028531dc4914b3fefccf5e1b7ab3f6d55ed48546e09e29f44fb41451023123982d69cc35b340b435022519129f2439d1ceb786b3003f2b3e6c7a5900b65692e0441c6388a9034e9d83110fb378c68e792b4de4c4a53fd9c93331ab3d36d699d822', 'es', NULL, 1, 0, NULL, 7, 7, 1772366400000, NULL, 1772366400000, NULL, NULL, NULL, '\x028531dc497f87243af6925dc1ecb842615fc32a2898a71a2d05782e312e0185b34d6cb09706ef191584b29c394bf0976b73ee93090c02f21f96717076e622925732b9ffb0d83fccd4fc188246950fa2bbe5da53793b857472fea7d78a75f695dd', NULL, NULL, NULL);
INSERT INTO public.closing_texts VALUES ('\x6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b', 'andry', 'closing', 'closing', NULL, 'es', 1, '\x028531dc49aab53e0f0b220388ebfd52a21a2c4bfe7f2237384d54b9ec13abffaf0a1068dc2779cf8c549f1e22ee5321e57c4c3f13f233304169e7e15fe45ea1c316ab70be1a9e980b80f6212da60521216769db22f3a4c0891dc4dd9d27eb1aac', '\x028531dc49b5e3d0f0628b5f481ea20fb0c16965b024396a5819ebb1e785afc63985852f359208f788154bc3099e76743ae8caca2c3bd82623eab378835d253dfc55b9b5826d8c3ce902452f63dd385bc9e8643b504296a9488d94528541e047c8', 1772366400000, NULL, NULL);
INSERT INTO public.consent_texts VALUES ('\xad462b81bdd4c59d48fdf19266a2471071458d054bc66e5cab3b490ebc8dbfaf', 'andry', 'es', '1', 'Yo, {name}, firmo.');
INSERT INTO public.consents VALUES ('\x019ca9450a00cc7396f7e940a6fa8780', 'andry', '\x019ca9450a00433e08412130be60179e', 'signature,news', '\xad462b81bdd4c59d48fdf19266a2471071458d054bc66e5cab3b490ebc8dbfaf', '1', 'es', 'telegram', 7, 1772366400000, NULL, 0, NULL, 1, NULL);
INSERT INTO public.consents VALUES ('\x019ca9450a00ec498d3bc02c4e2e3abc', 'andry', '\x019ca9450a007d744a5dac8be94d36e4', 'signature,news', '\xad462b81bdd4c59d48fdf19266a2471071458d054bc66e5cab3b490ebc8dbfaf', '1', 'es', 'telegram', 7, 1772366400000, NULL, 0, NULL, 1, NULL);
INSERT INTO public.consents VALUES ('\x019ca9450a00ddfae8fd0199785951a9', 'andry', '\x019ca9450a007028d6068b7158a8f0ac', 'signature,news', '\xad462b81bdd4c59d48fdf19266a2471071458d054bc66e5cab3b490ebc8dbfaf', '1', 'es', 'telegram', 7, 1772366400000, NULL, 0, NULL, 1, NULL);
INSERT INTO public.consents VALUES ('\x019ca9450a009518b9a65f0de1699421', 'andry', '\x019ca9450a00bbcf17b6a5e87a3ef224', 'signature,news', '\xad462b81bdd4c59d48fdf19266a2471071458d054bc66e5cab3b490ebc8dbfaf', '1', 'es', 'telegram', 7, 1772366400000, NULL, 0, NULL, 1, NULL);
INSERT INTO public.consents VALUES ('\x019ca9450a002fec6876d61a11d8a23f', 'andry', '\x019ca9450a00b057ac9bfcf617b63357', 'signature,news', '\xad462b81bdd4c59d48fdf19266a2471071458d054bc66e5cab3b490ebc8dbfaf', '1', 'es', 'telegram', 7, 1772366400000, NULL, 0, NULL, 1, NULL);
INSERT INTO public.consents VALUES ('\x019ca9450a006dbd437362a51038d1c0', 'andry', '\x019ca9450a0060bd2bd894a358cff247', 'signature,news', '\xad462b81bdd4c59d48fdf19266a2471071458d054bc66e5cab3b490ebc8dbfaf', '1', 'es', 'telegram', 7, 1772366400000, NULL, 0, NULL, 1, NULL);
INSERT INTO public.conversations VALUES ('andry', '\x65945f367f301f8c8eed787bc422cbfdcaabb848761b0f789cc162a0b487f277', 'thanks', 0, NULL, NULL, NULL, 0, NULL, NULL, NULL, '[]', NULL, 2, 1772366400000, 0, NULL, NULL);
INSERT INTO public.conversations VALUES ('andry', '\xfa733cb8e61b7feafef3db5da0126b78aba68ec13439437896545871e1d4349c', 'thanks', 0, NULL, NULL, NULL, 0, NULL, NULL, NULL, '[]', NULL, 2, 1772366400000, 0, NULL, NULL);
INSERT INTO public.conversations VALUES ('andry', '\xe1a80e69180546ce03712c2b27e437332be6a71e7f03720ed8dcfba5c8b72bba', 'thanks', 0, NULL, NULL, NULL, 0, NULL, NULL, NULL, '[]', NULL, 2, 0, 0, NULL, NULL);
INSERT INTO public.conversations VALUES ('andry', '\xb97aa1e7339bfb38d39e656e5f749b1b1bc52de1817dfbd054cb15a71b3ab0a4', 'thanks', 0, NULL, NULL, NULL, 0, NULL, NULL, NULL, '[]', NULL, 2, 1772366400000, 0, NULL, NULL);
INSERT INTO public.conversations VALUES ('andry', '\x1807401a9071d99e14c76f8758d46e03acecd5b73f7f19fdd99f17d381656761', 'thanks', 0, NULL, NULL, NULL, 0, NULL, NULL, NULL, '[]', NULL, 2, 1772366400000, 0, NULL, NULL);
INSERT INTO public.conversations VALUES ('andry', '\xbc1fa9c488ef652e54c14eeff581cc26a32f55615c206efc50575c533d1ae306', 'thanks', 0, NULL, NULL, NULL, 0, NULL, NULL, NULL, '[]', NULL, 2, 1772366400000, 0, NULL, NULL);
INSERT INTO public.conversations VALUES ('andry', '\xddff2671ca0864d5c26b42bc70c24cbbb6a87dc912a5a8d87bcc26e6ea85164d', 'thanks', 0, NULL, NULL, NULL, 0, NULL, NULL, NULL, '[]', NULL, 2, 1772366400000, 0, NULL, NULL);
INSERT INTO public.conversations VALUES ('andry', '\x55aa9dda88687c2af0498cee6e2ca62952f3e525ba2e98cce8e370734c1b1f2b', 'consent', 0, NULL, NULL, '\x028531dc49bf6a09eebd535d7aaa2114c3603c7787bd25111abb98795f5d40b32c490efd6ddbefb337fb600d2f221de767c02d8df85404b4b8a67c48a08652c93be3ab9cf480d62772851f688c4ddb925a0f8bb8776ee6b0b9b205db5b007d1d66', 0, NULL, NULL, NULL, '[]', NULL, 1, 1772366400000, 0, NULL, NULL);
INSERT INTO public.deliveries VALUES ('\x62626262626262626262626262626262', 1, '\x019ca9450a00433e08412130be60179e', 'es', 'delivered', 1, '\x5e8ca69bc78d46918d960cba70c64f23', 1772366402000, NULL, NULL);
INSERT INTO public.deliveries VALUES ('\x62626262626262626262626262626262', 4, '\x019ca9450a007028d6068b7158a8f0ac', 'es', 'sending', 1, '\x5e8ca69bc78d46918d960cba70c64f23', 1772366401000, NULL, NULL);
INSERT INTO public.deliveries VALUES ('\x62626262626262626262626262626262', 5, '\x019ca9450a00bbcf17b6a5e87a3ef224', 'es', 'pending', 0, NULL, 1772366400000, NULL, NULL);
INSERT INTO public.deliveries VALUES ('\x62626262626262626262626262626262', 6, '\x019ca9450a00b057ac9bfcf617b63357', 'es', 'pending', 0, NULL, 1772366400000, NULL, NULL);
INSERT INTO public.drafts VALUES ('andry', '\x579ed4f7739b4ae8d1fd34859e944ff3a64414997cef0bced96ce0d8bd011543', '\x028531dc493dce1659e3468be88e7cf810de2698ce8c48e39f3eca2cda25744e3805a32c60e091f88f787f7416a32049e28638be58e7bdd42934fd84661cda7a22d32e0ff83e5ef9169e6f41f87c451b5cb4fb0b708a6c7f2786efa8fb918aebcf', 1772366400000);
INSERT INTO public.invalidations VALUES ('\x20f4ec3e9d8a44359b8e0b7250345240', 'andry', '\x028531dc49734e1bb6e0b25e8b3e0327bdadd514c1963a13beadcb90ac695bfb37290997e8f8250e0a65676af36cd3c733072c5c9fd7e1c505d4db1b5142dc8db4536d3b6fd7f8cc741c803516701c78d8f7d966f47a4ca0146b906ac53a38ac5e', '\x028531dc4989e69be62a24e58877fd9ccb4b28cd7e05b3a875d5fbcf0b974fa7d603c740c8ec2f228d0d9bc2df338d8b90c9a9762ba8ab85b935ab96e9131eff2c2d2e350f27ce07443fd12f10d009a198d75c494684d99e19d97d576bcd5ada88', 1, 1772366400000, NULL, NULL);
INSERT INTO public.leases VALUES ('broadcast/andry', 'me', 1772366460000);
INSERT INTO public.person_codes VALUES ('andry', '\x1807401a9071d99e14c76f8758d46e03acecd5b73f7f19fdd99f17d381656761', '\x001a696eff2a3042c0f3e211b5fc553bbeefd430b6501187bcd6abd9daf74181', 1774958400000, 0, NULL);
INSERT INTO public.person_notices VALUES ('\x019ca9450a00017ef72db601e34df2ca', 'andry', '\x1807401a9071d99e14c76f8758d46e03acecd5b73f7f19fdd99f17d381656761', '\x028531dc49cb9824932be2d799634becece8f01ea320804671616b5ab84f1e7222b3e5734e0031c12087727b2a6ba3ff2fddcaa1a6f51c5d52bbb8910a8fb452a0d234a715004d4cc6fe116048747943922db45091b07f128f244160e4db8742db', 'es', 'corrected', 1772366400000, 0);
INSERT INTO public.petitions VALUES ('andry', 5, 7, NULL, NULL, 0, '\x6bebfe8558f170b3a80223c94654d83ce484d41698a2932cb533eff997ee1c69', NULL, 0, NULL, NULL, 0);
INSERT INTO public.sent_files VALUES ('andry', '\x65945f367f301f8c8eed787bc422cbfdcaabb848761b0f789cc162a0b487f277', 5, '\x028531dc49ad79ebd39ac1a93799182ad5285efc6e4ae385addbe29f059c0b5625796ce629f71bc59af88a3da161ca147909dbdd8e6e71e44b152fae05d38e2fff029de94d3cc5d526feae6db589150efcc962af0e95dfdad6142a4b3ea9162ee9', 1772366400000, 0);
INSERT INTO public.signatures VALUES ('\x019ca9450a00433e08412130be60179e', 'andry', '\x65945f367f301f8c8eed787bc422cbfdcaabb848761b0f789cc162a0b487f277', 1, '\x028531dc499e6fb0f8f0a8c3ed648bc3fcc674ac5edb0096cb62f5cfa60990409646b0350eb2d305170b49949a448540ad401294433751d43669ac7ec02dc78aaace9f189fbfdb5d609b02467d660a5c63e54fed2774516827088fde98aeab8a17', '\x028531dc490088968b194ffa5a2b0348639f2c066f54b9b240a6f24850286173c7e2efe6244002445fd69b06568adf0f3b3641957668b3283151b726110a4fe71a8274133b836ef6d2b5a78652430a7ac25938d36c5270f78ee7cf9c79b0fd98d3', 'es', NULL, '1', 1772366400000, NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.signatures VALUES ('\x019ca9450a007d744a5dac8be94d36e4', 'andry', '\xfa733cb8e61b7feafef3db5da0126b78aba68ec13439437896545871e1d4349c', 2, '\x028531dc49887583765cdf386d77ea2d1d26eaeea1545270b8faf346f0293d65aabde76ad2d3ae2b887ea73c336e5c34bf53e89137b4d8b9498bc0285445e13234d3feba4476ee3a84be0d6e89549d6bd5abb81114179e1b8cb05d30a66d84fd44', '\x028531dc49c3ab39b834ed55618b229eb33652aee142c0a6f3f1d16a47ca76de7aee88d8310b8c75e8210bb8905f7ef4bb121ec08434313d5c0e31df9ffa263a996caacf46e324a3b37d70614816c17ec1e3b8f803fca836cb82d4a07acbb3b08b', 'es', NULL, '1', 1772366400000, NULL, 1772366400000, 1, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.signatures VALUES ('\x019ca9450a007028d6068b7158a8f0ac', 'andry', '\xb97aa1e7339bfb38d39e656e5f749b1b1bc52de1817dfbd054cb15a71b3ab0a4', 4, '\x028531dc491e8b7a88e8b5673541f44efa1d868e2fce228a636690cc796f3522433fd31a0b8d3bbf99f63e7bcaeb59688f8068c6332a178a4956d846ca106d577b3e2eae36ba2a0dda46d6639918bd3977f90ecbb60bd52a9acc0a1af3afd5ef71', '\x028531dc49ac6cfe2b6407fb4bfdb138c5c3343897a89ae3d6a4c77bd3073c1caaa74997c824593c4dfeb10f75d05a42c1db27a73e83b62a2747b7a35f11d80e1559188ee159334cb0ca3c224317e4bf00c3956a9858808ab8f741b8b73be8477c', 'es', NULL, '1', 1772366400000, NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.signatures VALUES ('\x019ca9450a00bbcf17b6a5e87a3ef224', 'andry', '\x1807401a9071d99e14c76f8758d46e03acecd5b73f7f19fdd99f17d381656761', 5, '\x028531dc4963d22790fbf8ce8c15bfb6f61b4fcacb952f89003289c26d7dd5842f8c7166b74ad1ec70c30670887b9294678198e1d8145ce1733728014ab7525b65d751de39bf647235f9a036783e0ccb117c9909aeb354b41cd8b7416a6749001f', '\x028531dc49653a7ad1eb891669df0789d54b97384bf9a567746b3284cca146903c6f159c0d5426e167efd6a3ecfcded4b1beddc98edd58c5c32654ecd8b30e5614faa6fb6af2b0abfecf061e390ffa5659c9c919ccc5c5174c5766fa70c01cc812', 'es', NULL, '1', 1772366400000, NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.signatures VALUES ('\x019ca9450a00b057ac9bfcf617b63357', 'andry', '\xbc1fa9c488ef652e54c14eeff581cc26a32f55615c206efc50575c533d1ae306', 6, '\x028531dc49fff66cc19822e14428de389a20250f09757489bdb5c2dbd1b7b82dc7d82daae78b3a89b05455fdd4a7652aa65f22ff13ca0958febd739d30bd6ee8dd845a760ad8e3205de7380b0f4b962211d1f0db2041bffe1b320eb3823dd1f7da', '\x028531dc49447861d5d15504fd626929e08b07171d3d227eed2eb8348e17e1818e8b49c0fc3a20c03844788ad05a397fa133d1ee18c900e148bd216bdca77bad449b8361e5ab8404601b27eb1e9a6754d083ee2f86a0d90a0bf13d473f07105139', 'es', NULL, '1', 1772366400000, NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.signatures VALUES ('\x019ca9450a0060bd2bd894a358cff247', 'andry', '\xddff2671ca0864d5c26b42bc70c24cbbb6a87dc912a5a8d87bcc26e6ea85164d', 7, '\x028531dc49e03b821706bf6d305a2675c5dcb969869334d55ba9b54c958715446b861035a6d005ade04062f10120631974eadc876a32ad19008dd3a628d34e0dc5838b698577e6196de1622c945830c038d6b420d85514c90eb55c0ec69f14b5cd', '\x028531dc49f4616cf6efa3ac8ddf573e8e35d2daa09c25331bb1c455c8152c4e919edb9892c0c412b6fcfce82a4714880044a8fefdf993211b6cf09057f5b3f6e277825318a18c0607179246065fde67cb66ee29edcc471eae355fbe707e91fd03', 'es', NULL, '1', 1772366400000, NULL, NULL, 1, NULL, NULL, NULL, '\x20f4ec3e9d8a44359b8e0b7250345240', NULL);
ALTER TABLE ONLY public.admin_names
    ADD CONSTRAINT admin_names_key PRIMARY KEY (petition, admin);
ALTER TABLE ONLY public.admin_notices
    ADD CONSTRAINT admin_notices_key PRIMARY KEY (broadcast_id, kind, about);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.anonymous_counts
    ADD CONSTRAINT anonymous_counts_key PRIMARY KEY (petition, language, with_name, is_valid);
ALTER TABLE ONLY public.audit
    ADD CONSTRAINT audit_key PRIMARY KEY (id);
ALTER TABLE ONLY public.awaited_closing_texts
    ADD CONSTRAINT awaited_closing_texts_key PRIMARY KEY (petition, admin);
ALTER TABLE ONLY public.broadcasts
    ADD CONSTRAINT broadcasts_key PRIMARY KEY (id);
ALTER TABLE ONLY public.changes_after_export
    ADD CONSTRAINT changes_after_export_key PRIMARY KEY (id);
ALTER TABLE ONLY public.closing_publications
    ADD CONSTRAINT closing_publications_key PRIMARY KEY (id);
ALTER TABLE ONLY public.closing_texts
    ADD CONSTRAINT closing_texts_key PRIMARY KEY (id);
ALTER TABLE ONLY public.closing_texts
    ADD CONSTRAINT closing_texts_petition_entry_language_number_once UNIQUE (petition, entry, language, number);
ALTER TABLE ONLY public.consent_texts
    ADD CONSTRAINT consent_texts_key PRIMARY KEY (sha256);
ALTER TABLE ONLY public.consents
    ADD CONSTRAINT consents_key PRIMARY KEY (id);
ALTER TABLE ONLY public.conversations
    ADD CONSTRAINT conversations_key PRIMARY KEY (petition, supporter);
ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT deliveries_key PRIMARY KEY (broadcast_id, "position");
ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT deliveries_signature_id_broadcast_id_once UNIQUE (signature_id, broadcast_id);
ALTER TABLE ONLY public.drafts
    ADD CONSTRAINT drafts_key PRIMARY KEY (petition, admin);
ALTER TABLE ONLY public.erased_deliveries
    ADD CONSTRAINT erased_deliveries_key PRIMARY KEY (broadcast_id, state, recall_outcome);
ALTER TABLE ONLY public.exports
    ADD CONSTRAINT exports_key PRIMARY KEY (id);
ALTER TABLE ONLY public.handovers
    ADD CONSTRAINT handovers_key PRIMARY KEY (id);
ALTER TABLE ONLY public.invalidations
    ADD CONSTRAINT invalidations_key PRIMARY KEY (id);
ALTER TABLE ONLY public.leases
    ADD CONSTRAINT leases_key PRIMARY KEY (name);
ALTER TABLE ONLY public.person_codes
    ADD CONSTRAINT person_codes_key PRIMARY KEY (petition, supporter);
ALTER TABLE ONLY public.person_notices
    ADD CONSTRAINT person_notices_key PRIMARY KEY (id);
ALTER TABLE ONLY public.petition_notices
    ADD CONSTRAINT petition_notices_key PRIMARY KEY (petition, kind, about);
ALTER TABLE ONLY public.petitions
    ADD CONSTRAINT petitions_key PRIMARY KEY (slug);
ALTER TABLE ONLY public.restores
    ADD CONSTRAINT restores_key PRIMARY KEY (id);
ALTER TABLE ONLY public.sent_files
    ADD CONSTRAINT sent_files_key PRIMARY KEY (petition, supporter, message_id);
ALTER TABLE ONLY public.signatures
    ADD CONSTRAINT signatures_key PRIMARY KEY (id);
ALTER TABLE ONLY public.signatures
    ADD CONSTRAINT signatures_petition_number_once UNIQUE (petition, number);
ALTER TABLE ONLY public.signatures
    ADD CONSTRAINT signatures_petition_supporter_once UNIQUE (petition, supporter);
ALTER TABLE ONLY public.telegram_cache
    ADD CONSTRAINT telegram_cache_key PRIMARY KEY (petition, key);
CREATE INDEX audit_by_petition_at ON public.audit USING btree (petition, at);
CREATE UNIQUE INDEX broadcasts_one_active ON public.broadcasts USING btree (petition) WHERE (state = ANY (ARRAY['running'::text, 'paused'::text]));
CREATE INDEX changes_after_export_by_petition_changed_at ON public.changes_after_export USING btree (petition, changed_at);
CREATE INDEX consents_by_signature_id ON public.consents USING btree (signature_id);
CREATE INDEX conversations_filled_in ON public.conversations USING btree (petition, updated_at) WHERE ((name_sealed IS NOT NULL) OR (name_message_ids <> '[]'::text) OR (news <> 0) OR (updates <> 0) OR (source IS NOT NULL) OR (form_started_at IS NOT NULL));
CREATE INDEX deliveries_by_broadcast_id_state_position ON public.deliveries USING btree (broadcast_id, state, "position");
CREATE INDEX person_notices_by_petition_written_at ON public.person_notices USING btree (petition, written_at);
CREATE INDEX signatures_counted ON public.signatures USING btree (petition, signed_at) WHERE (invalidation_id IS NULL);
ALTER TABLE ONLY public.admin_notices
    ADD CONSTRAINT admin_notices_broadcast_id_known FOREIGN KEY (broadcast_id) REFERENCES public.broadcasts(id);
ALTER TABLE ONLY public.anonymous_counts
    ADD CONSTRAINT anonymous_counts_petition_known FOREIGN KEY (petition) REFERENCES public.petitions(slug);
ALTER TABLE ONLY public.broadcasts
    ADD CONSTRAINT broadcasts_petition_known FOREIGN KEY (petition) REFERENCES public.petitions(slug);
ALTER TABLE ONLY public.changes_after_export
    ADD CONSTRAINT changes_after_export_petition_known FOREIGN KEY (petition) REFERENCES public.petitions(slug);
ALTER TABLE ONLY public.closing_publications
    ADD CONSTRAINT closing_publications_petition_known FOREIGN KEY (petition) REFERENCES public.petitions(slug);
ALTER TABLE ONLY public.closing_texts
    ADD CONSTRAINT closing_texts_petition_known FOREIGN KEY (petition) REFERENCES public.petitions(slug);
ALTER TABLE ONLY public.closing_texts
    ADD CONSTRAINT closing_texts_publication_id_known FOREIGN KEY (publication_id) REFERENCES public.closing_publications(id);
ALTER TABLE ONLY public.consents
    ADD CONSTRAINT consents_signature_id_known FOREIGN KEY (signature_id) REFERENCES public.signatures(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.consents
    ADD CONSTRAINT consents_text_sha256_known FOREIGN KEY (text_sha256) REFERENCES public.consent_texts(sha256);
ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT deliveries_broadcast_id_known FOREIGN KEY (broadcast_id) REFERENCES public.broadcasts(id);
ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT deliveries_signature_id_known FOREIGN KEY (signature_id) REFERENCES public.signatures(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.erased_deliveries
    ADD CONSTRAINT erased_deliveries_broadcast_id_known FOREIGN KEY (broadcast_id) REFERENCES public.broadcasts(id);
ALTER TABLE ONLY public.exports
    ADD CONSTRAINT exports_petition_known FOREIGN KEY (petition) REFERENCES public.petitions(slug);
ALTER TABLE ONLY public.handovers
    ADD CONSTRAINT handovers_export_id_known FOREIGN KEY (export_id) REFERENCES public.exports(id);
ALTER TABLE ONLY public.handovers
    ADD CONSTRAINT handovers_petition_known FOREIGN KEY (petition) REFERENCES public.petitions(slug);
ALTER TABLE ONLY public.invalidations
    ADD CONSTRAINT invalidations_petition_known FOREIGN KEY (petition) REFERENCES public.petitions(slug);
ALTER TABLE ONLY public.person_codes
    ADD CONSTRAINT person_codes_petition_known FOREIGN KEY (petition) REFERENCES public.petitions(slug);
ALTER TABLE ONLY public.person_notices
    ADD CONSTRAINT person_notices_petition_known FOREIGN KEY (petition) REFERENCES public.petitions(slug);
ALTER TABLE ONLY public.petition_notices
    ADD CONSTRAINT petition_notices_petition_known FOREIGN KEY (petition) REFERENCES public.petitions(slug);
ALTER TABLE ONLY public.restores
    ADD CONSTRAINT restores_petition_known FOREIGN KEY (petition) REFERENCES public.petitions(slug);
ALTER TABLE ONLY public.signatures
    ADD CONSTRAINT signatures_petition_known FOREIGN KEY (petition) REFERENCES public.petitions(slug);
