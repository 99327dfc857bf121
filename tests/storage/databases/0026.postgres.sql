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
    form_started_at bigint,
    notice text
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
    CONSTRAINT deliveries_state_known CHECK ((state = ANY (ARRAY['pending'::text, 'sending'::text, 'delivered'::text, 'unreachable'::text, 'rejected'::text, 'forbidden'::text, 'unconfirmed'::text, 'withdrawn'::text])))
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
    deeds bigint DEFAULT 0 NOT NULL,
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
INSERT INTO public.admin_names VALUES ('andry', '\x579ed4f7739b4ae8d1fd34859e944ff3a64414997cef0bced96ce0d8bd011543', '\x028531dc492b6241df4edbe7a470fe0c140beb0e319b4fb994a711e7d337fe29bda1d689c119cfa5a713b417d8a8e1f2113352fa3d414bc3453d15e901c3e127298405ad74ba548ec742a4b70e690d9c4b4ae097bef8bb249ab67a42521bbf51e1', 1772366400000);
INSERT INTO public.alembic_version VALUES ('0026');
INSERT INTO public.audit VALUES ('\xfb6dc23bbe954bc9aeefc46993a6f57a', 'andry', 1772366400000, NULL, 'person_correct', 'verified otherwise: carnet');
INSERT INTO public.audit VALUES ('\x12248fe2ed7947ee9c8f324428b972ea', 'andry', 1772366400000, NULL, 'invalidate', 'e1f10ad9cd8841a7a827a60f7ebf5e01');
INSERT INTO public.audit VALUES ('\x62626262626262626262626262626262', 'andry', 1772366400000, '\x028531dc49bc677ae2f6599fc6bcb35847d695aa746431e36f252f330206f37efd4847356ebff34f3ddc8a76e4727e1ccdb879f94e3bac0c21547c1642478bedf22b650df7a53c30f42232656f105943bf716f53dbe9f27652b35fa02c0167a671', 'broadcast', 'news to everyone');
INSERT INTO public.awaited_closing_texts VALUES ('andry', '\x579ed4f7739b4ae8d1fd34859e944ff3a64414997cef0bced96ce0d8bd011543', 'closing', 'closing', NULL, 'es', 1772366400000);
INSERT INTO public.broadcasts VALUES ('\x62626262626262626262626262626262', 'andry', 'news', 'running', '{"es": "<b>Hola</b>"}', '\x6363636363636363636363636363636363636363636363636363636363636363', 4, 1772366400000, NULL, NULL, '\x028531dc4910b24d46f44168bd7178c071229addeecb3e72218131ff978ac092618b66b5343a763e0ec8a57bf751bff41449020ba995ff9271d89c518f4a316ef50d7ee8c5acef19df9656343d443157a520df5f29d76757bd7a211e4439e647ef', 5, '\x028531dc499c96cfe2b0434f5250396ab75b75714071627f9bc57fa7652d070279312c2607fd16f17c685966a73183025397b126b314e752d2086b7953854d7d10474d454a6557dfb42d4f21f86e0b75fdd399c9bc9862d1e26f3dd7b727dac8a0', '62626262626262626262626262626262', '\x028531dc4991ceabb35e02e5d2cd1b5db00a4a004552542d67f9ceb33f4767d5cbdaf56d099cc0a467bd550991fbca394d0294048e94236d4dd7a251c3fc114f237cf0b696fe87ff4b2e3d75bbcb49ea1aa3b3330527ae6df62d8f27919f8f5a3b', 'es', NULL, 1, 0, NULL, 7, 7, 1772366400000, NULL, 1772366400000, NULL, NULL, NULL, '\x028531dc49d0a926594a8b4021bec8f6d3651e2fa95c0e56d1a95900d00a64ef0de63cadf8641ded1ae550fc7eeedc490e1dbc1bf7812a5f9ab97967d04b4ae5b3706e150410f24284798e1284f331307e124a97e01ca1c9f7597f1b46c2daad8d', NULL, NULL, NULL);
INSERT INTO public.closing_texts VALUES ('\x6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b', 'andry', 'closing', 'closing', NULL, 'es', 1, '\x028531dc4947f815f95fadc8a69c326a605d03fe4a4f1696de75f7ebd75cba5ce7e0b6ff6889c7ada2e9bc66135fc2fad653c441756d31a16e4666097cc308820e3fda13c87871bf2a6b94e1abe068f1f4c0e371f284cf040f90e8ccd26b065dd4', '\x028531dc493ebb2b216f7c4c17bc82f3d44b16586f82f5d256eb8347b8fa98867f607b05db6a36782e9aefd9ec33e9ae8850311ca28e5eb82bf0a94352759e523f97322e4abff8b07a91c73d850002d53c72fc57ecb4c6e068a1c765cd18f1f93b', 1772366400000, NULL, NULL);
INSERT INTO public.consent_texts VALUES ('\xad462b81bdd4c59d48fdf19266a2471071458d054bc66e5cab3b490ebc8dbfaf', 'andry', 'es', '1', 'Yo, {name}, firmo.');
INSERT INTO public.consents VALUES ('\x019ca9450a003348ae234ab637d02b9f', 'andry', '\x019ca9450a0068a17efacf4a46d12bf7', 'signature,news', '\xad462b81bdd4c59d48fdf19266a2471071458d054bc66e5cab3b490ebc8dbfaf', '1', 'es', 'telegram', 7, 1772366400000, NULL, 0, NULL, 1, NULL);
INSERT INTO public.consents VALUES ('\x019ca9450a00572a33266a607eaa74b8', 'andry', '\x019ca9450a00bd3506ae6ab5a4047e38', 'signature,news', '\xad462b81bdd4c59d48fdf19266a2471071458d054bc66e5cab3b490ebc8dbfaf', '1', 'es', 'telegram', 7, 1772366400000, NULL, 0, NULL, 1, NULL);
INSERT INTO public.consents VALUES ('\x019ca9450a00bc4bbb8cd5e3bc1eade7', 'andry', '\x019ca9450a00f8be593d90aad26b2fbb', 'signature,news', '\xad462b81bdd4c59d48fdf19266a2471071458d054bc66e5cab3b490ebc8dbfaf', '1', 'es', 'telegram', 7, 1772366400000, NULL, 0, NULL, 1, NULL);
INSERT INTO public.consents VALUES ('\x019ca9450a009642c4f27f910f04eff7', 'andry', '\x019ca9450a00f9f226dae7f14d409b93', 'signature,news', '\xad462b81bdd4c59d48fdf19266a2471071458d054bc66e5cab3b490ebc8dbfaf', '1', 'es', 'telegram', 7, 1772366400000, NULL, 0, NULL, 1, NULL);
INSERT INTO public.consents VALUES ('\x019ca9450a00267a58944a93c9600f72', 'andry', '\x019ca9450a00a7fbb83631891bd2118a', 'signature,news', '\xad462b81bdd4c59d48fdf19266a2471071458d054bc66e5cab3b490ebc8dbfaf', '1', 'es', 'telegram', 7, 1772366400000, NULL, 0, NULL, 1, NULL);
INSERT INTO public.consents VALUES ('\x019ca9450a0005a7ebd01b3337049103', 'andry', '\x019ca9450a00ebda163757337da38c18', 'signature,news', '\xad462b81bdd4c59d48fdf19266a2471071458d054bc66e5cab3b490ebc8dbfaf', '1', 'es', 'telegram', 7, 1772366400000, NULL, 0, NULL, 1, NULL);
INSERT INTO public.conversations VALUES ('andry', '\x65945f367f301f8c8eed787bc422cbfdcaabb848761b0f789cc162a0b487f277', 'thanks', 0, NULL, NULL, NULL, 0, NULL, NULL, NULL, '[]', NULL, 2, 1772366400000, 0, NULL, NULL, NULL);
INSERT INTO public.conversations VALUES ('andry', '\xfa733cb8e61b7feafef3db5da0126b78aba68ec13439437896545871e1d4349c', 'thanks', 0, NULL, NULL, NULL, 0, NULL, NULL, NULL, '[]', NULL, 2, 1772366400000, 0, NULL, NULL, NULL);
INSERT INTO public.conversations VALUES ('andry', '\xe1a80e69180546ce03712c2b27e437332be6a71e7f03720ed8dcfba5c8b72bba', 'thanks', 0, NULL, NULL, NULL, 0, NULL, NULL, NULL, '[]', NULL, 2, 0, 0, NULL, NULL, NULL);
INSERT INTO public.conversations VALUES ('andry', '\xb97aa1e7339bfb38d39e656e5f749b1b1bc52de1817dfbd054cb15a71b3ab0a4', 'thanks', 0, NULL, NULL, NULL, 0, NULL, NULL, NULL, '[]', NULL, 2, 1772366400000, 0, NULL, NULL, NULL);
INSERT INTO public.conversations VALUES ('andry', '\x1807401a9071d99e14c76f8758d46e03acecd5b73f7f19fdd99f17d381656761', 'thanks', 0, NULL, NULL, NULL, 0, NULL, NULL, NULL, '[]', NULL, 2, 1772366400000, 0, NULL, NULL, NULL);
INSERT INTO public.conversations VALUES ('andry', '\xbc1fa9c488ef652e54c14eeff581cc26a32f55615c206efc50575c533d1ae306', 'thanks', 0, NULL, NULL, NULL, 0, NULL, NULL, NULL, '[]', NULL, 2, 1772366400000, 0, NULL, NULL, NULL);
INSERT INTO public.conversations VALUES ('andry', '\xddff2671ca0864d5c26b42bc70c24cbbb6a87dc912a5a8d87bcc26e6ea85164d', 'thanks', 0, NULL, NULL, NULL, 0, NULL, NULL, NULL, '[]', NULL, 2, 1772366400000, 0, NULL, NULL, NULL);
INSERT INTO public.conversations VALUES ('andry', '\x55aa9dda88687c2af0498cee6e2ca62952f3e525ba2e98cce8e370734c1b1f2b', 'consent', 0, NULL, NULL, '\x028531dc4986f1d16f72c6106d39bdb7e0f0cec7163f10f42003d3d4a96ced8dfa2a8cba88931efdd9dd319974255be3adf319bb4e649a7ac3ebb5125e6fee5a025a93b412e0e5431688e2396ad7c674bdebe55daa7df81ccdb8c3ccc372f40315', 0, NULL, NULL, NULL, '[]', NULL, 1, 1772366400000, 0, NULL, NULL, NULL);
INSERT INTO public.deliveries VALUES ('\x62626262626262626262626262626262', 1, '\x019ca9450a0068a17efacf4a46d12bf7', 'es', 'delivered', 1, '\x6c563267c572480ba947cb288690bd8a', 1772366402000, NULL, NULL);
INSERT INTO public.deliveries VALUES ('\x62626262626262626262626262626262', 4, '\x019ca9450a00f8be593d90aad26b2fbb', 'es', 'sending', 1, '\x6c563267c572480ba947cb288690bd8a', 1772366401000, NULL, NULL);
INSERT INTO public.deliveries VALUES ('\x62626262626262626262626262626262', 5, '\x019ca9450a00f9f226dae7f14d409b93', 'es', 'pending', 0, NULL, 1772366400000, NULL, NULL);
INSERT INTO public.deliveries VALUES ('\x62626262626262626262626262626262', 6, '\x019ca9450a00a7fbb83631891bd2118a', 'es', 'pending', 0, NULL, 1772366400000, NULL, NULL);
INSERT INTO public.drafts VALUES ('andry', '\x579ed4f7739b4ae8d1fd34859e944ff3a64414997cef0bced96ce0d8bd011543', '\x028531dc49b61a5b887420b841ad22a7c302469009da396de827f423af7ec9bf7010e19ad2bd971b422ad5cd61f3427568bcdec58022f8ebd92154238128b6d1fd58562aa3131628627c1de4e71e8a7d5abd4aa1e2213229a0235c0119b922f8d4', 1772366400000);
INSERT INTO public.invalidations VALUES ('\xe1f10ad9cd8841a7a827a60f7ebf5e01', 'andry', '\x028531dc49a86de2b3369d6c66a874ed0bad5e3ae6442ff03960d8d0a61768f1584ea89f7b910bf998d51e935fac72e33b58d6de91e521440ee882ebaa98062d5ffd6e37c2452cd32aae64546759f1b735b8b2e658576aade86c7692f1585a6fe1', '\x028531dc49e8c34c5284d4ae57e82a6756991fe386f3f45d6657982e6e89ebe2f337832aa3b1bde85a284fefede50b78365a8e3f486d11087639cc1f1661961093d0cc1910300a77cf2991ea1f6ef8cb2079101517fbcb2450772564a646bf8ba4', 1, 1772366400000, NULL, NULL);
INSERT INTO public.leases VALUES ('broadcast/andry', 'me', 1772366460000);
INSERT INTO public.person_codes VALUES ('andry', '\x1807401a9071d99e14c76f8758d46e03acecd5b73f7f19fdd99f17d381656761', '\x2c360e4b72ba002fd4ad2c8447a9a6e7f1f0fd4b089410e3b124342dd2595eca', 1774958400000, 0, NULL);
INSERT INTO public.person_notices VALUES ('\x019ca9450a00899c813354d09f968193', 'andry', '\x1807401a9071d99e14c76f8758d46e03acecd5b73f7f19fdd99f17d381656761', '\x028531dc4916a209df77a311ea1cee4a6b662ff45ad5b5f06e2a8ca6bf9036a62f4bff39ed0bc38863f181bd2bf875c4db4648daf9d0c71e2a686bd534fc73064175102bd905baa8843ccbf95a01c7072bcafc62e346512e0f98baa352935441ce', 'es', 'corrected', 1772366400000, 0);
INSERT INTO public.petitions VALUES ('andry', 5, 7, NULL, NULL, 0, '\x6bebfe8558f170b3a80223c94654d83ce484d41698a2932cb533eff997ee1c69', NULL, 0, NULL, NULL, 0, 3);
INSERT INTO public.sent_files VALUES ('andry', '\x65945f367f301f8c8eed787bc422cbfdcaabb848761b0f789cc162a0b487f277', 5, '\x028531dc49b0c8e59e43031f5f0d8d86885530b1f98eeb2617f5314cdf2bf12b57b1e41b5c6034dc0e7480522997e4161147838f2a894164781923992adda480a5b859507bf0a7b588533a54931041f5ca885259c2b15af1de13cbbfd6a4c23ee1', 1772366400000, 0);
INSERT INTO public.signatures VALUES ('\x019ca9450a0068a17efacf4a46d12bf7', 'andry', '\x65945f367f301f8c8eed787bc422cbfdcaabb848761b0f789cc162a0b487f277', 1, '\x028531dc499405f3f59ff7d50eab7b29ca86737959bb403442ce41abd948cf0d7c2a63d527bbf3f6be4ae9580c3d56ec5cc3ab6bd2061e135a5881eee7efcd3c4c5477432e2a8f0888ccab38a4c8d2685448aff2734f2583eea2a265a5e72f9246', '\x028531dc496b44910e0eaef7df8927458dc78d6a0a77c64a511360bda266597a161280d58a8c6c3d9405c05f4a3c430b4993fdf49f452cf8ffbf1817ea1f0524da7e0ece6e19112786f13a3914615917ef69a4fe72bb5c2436336d0a326058acb8', 'es', NULL, '1', 1772366400000, NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.signatures VALUES ('\x019ca9450a00bd3506ae6ab5a4047e38', 'andry', '\xfa733cb8e61b7feafef3db5da0126b78aba68ec13439437896545871e1d4349c', 2, '\x028531dc499c561cd135903ed59e6ebfa32e5d820470aedd356cef186dea4734c8f6dda1740eae38c83079131df389f96caeaaaafb8aeea4a10a018f40be38370049c11ef34642f66f49359ba6d94f349efc93ead4b1ff476311a7235eff14fd6b', '\x028531dc492b479e148501a5374f7cbe9ffb56bf08035a85244a72bdeeec66d974d57e8372dad729c3b7438c9ba9c902e5bf87a2cd97bf1cd11747d142fb2c47bfbcf5b0edbb7c03cab2c9bae3389cc39e3a2dbaea7f9b734ca02674541d071795', 'es', NULL, '1', 1772366400000, NULL, 1772366400000, 1, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.signatures VALUES ('\x019ca9450a00f8be593d90aad26b2fbb', 'andry', '\xb97aa1e7339bfb38d39e656e5f749b1b1bc52de1817dfbd054cb15a71b3ab0a4', 4, '\x028531dc4922571aaa4735739cdf068a055038efbc15c8beed572128a7a9de8877d78bcdde1d04089cecfc5d216139c6c3a87615c1e957192bbcc2cd9a18d4f5759ddea1cd5b821804cfd95d49d1c9c4bd1a6efa12f0b9af589957e4d0f186949b', '\x028531dc49438ccb57106f3a38956c9fbc7027277c0910c7089783762f4eb680b363cccd4ec30becc54f09406b29cffadda9320222152d7afc757dc1ca0b794f57e6ba867d2341f52af4c01356ce7afafffae7387b7df4901662454a30da060bc5', 'es', NULL, '1', 1772366400000, NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.signatures VALUES ('\x019ca9450a00f9f226dae7f14d409b93', 'andry', '\x1807401a9071d99e14c76f8758d46e03acecd5b73f7f19fdd99f17d381656761', 5, '\x028531dc490ce297fe5ac493b97ecf34258584d9a6f23add44126bdeefa0c52a3095158e0222a4e732e02aae528aa83cfe399983621a9269b1403b586707709683f720025dc90bebd3603fafb901ee53d4e7d31e8e913af9ddf3bedb6c5ae27c01', '\x028531dc499f51d3dc2c12ea0957744ec61a71f99fdc41ad0c55992cc1ca3aaa06fd499461eced7a77d07e41f1fd2c946eb35376963da16019dbb36a1d34d35cd786bcdc1912d76354e393d5b9a3328bd44cd26bb46ecbc3bc08fed90c8d40df2d', 'es', NULL, '1', 1772366400000, NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.signatures VALUES ('\x019ca9450a00a7fbb83631891bd2118a', 'andry', '\xbc1fa9c488ef652e54c14eeff581cc26a32f55615c206efc50575c533d1ae306', 6, '\x028531dc49248beeafca911e5b9525a0dadd59dd94324d46fae8e1ef69a32f9ad427dac9b6c239b1c97f2ba395621de6510aed2cddcd2a6582c8c65f679e3c605d70ea49a36475c7aa89f4f8c93cb13e5af6f029beefaddb65d180649faa257cd2', '\x028531dc495f4e7838095f862ccf678687ffa6a8606759d6dea64774a38f86547417950e87f69b74f827e98dfac9614dc8504a63894eeb4ccc139146265d3b5aedf66af25278c9556abc9b946303585f7eeeb3511e8fb58425f636c4579ce933b8', 'es', NULL, '1', 1772366400000, NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.signatures VALUES ('\x019ca9450a00ebda163757337da38c18', 'andry', '\xddff2671ca0864d5c26b42bc70c24cbbb6a87dc912a5a8d87bcc26e6ea85164d', 7, '\x028531dc49f5ace139adab83a51cf9c5f3e92b61402449c898b96b6a39ba8a90143ef05b16f9f9f5f35d1a3b73e0f7e2fe4d2291238389457419f36e3b2b09e8afc0ed4feaec3d4e38c44f91f69b525c39762acbeef5f70555eea9778f2f1c774a', '\x028531dc49283c3414ec27ca29f7912fdb932c7f87fab5b834606aacbefc9590502048c090980ab8046e422b60638a90903d0e65d8968a44d09eae8daeb6817812eb22d827f968c59b1e95868139cec1642a432f8dde47a1556b5a23290e23d65e', 'es', NULL, '1', 1772366400000, NULL, NULL, 1, NULL, NULL, NULL, '\xe1f10ad9cd8841a7a827a60f7ebf5e01', NULL);
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
