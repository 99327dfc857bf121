CREATE TABLE public.admin_names (
    petition text NOT NULL,
    admin bytea NOT NULL,
    name_sealed bytea NOT NULL,
    updated_at bigint NOT NULL
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
    total bigint NOT NULL,
    created_at bigint NOT NULL,
    reported_at bigint,
    pause_reason text,
    stop_reason text,
    reason_detail text,
    progress_chat_sealed bytea,
    progress_message_id bigint,
    author_sealed bytea NOT NULL,
    topic text DEFAULT 'closing'::text NOT NULL,
    source_chat_sealed bytea,
    source_language text DEFAULT 'es'::text NOT NULL,
    language text,
    paid bigint DEFAULT 0 NOT NULL,
    expected bigint,
    last_signature_number bigint,
    enqueued_through bigint DEFAULT 0 NOT NULL,
    enqueued_at bigint,
    starts_at bigint,
    started_at bigint,
    ended_at bigint,
    recall_started_at bigint,
    recall_ended_at bigint,
    confirmed_by_sealed bytea,
    cancel_requested_at bigint,
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
    updates bigint DEFAULT 0 NOT NULL,
    with_name bigint,
    form_started_at bigint,
    notice text,
    source text,
    message_id bigint,
    picture_id bigint,
    name_message_ids text NOT NULL,
    screen_digest bytea,
    version bigint NOT NULL,
    updated_at bigint NOT NULL
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
    recall_outcome text NOT NULL,
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
    deeds bigint DEFAULT 0 NOT NULL,
    closed_at bigint,
    closed_signatures bigint,
    revision bigint DEFAULT 0 NOT NULL,
    key_fingerprint bytea,
    forgotten_version bigint DEFAULT 0 NOT NULL,
    closes_at bigint,
    closes_at_chosen bigint DEFAULT 0 NOT NULL,
    erased_at bigint,
    CONSTRAINT petitions_count_not_negative CHECK ((signatures >= 0)),
    CONSTRAINT petitions_numbers_given CHECK ((signatures <= last_number))
);
CREATE TABLE public.restores (
    id bytea NOT NULL,
    petition text NOT NULL,
    backup_made_at bigint,
    restored_at bigint NOT NULL,
    lost bigint NOT NULL,
    journal_is_whole bigint DEFAULT 1 NOT NULL,
    repeated_at bigint,
    released_at bigint
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
    name_sealed bytea,
    chat_sealed bytea NOT NULL,
    language text NOT NULL,
    source text,
    text_version text NOT NULL,
    signed_at bigint NOT NULL,
    unreachable_at bigint,
    muted_at bigint,
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
INSERT INTO public.admin_names VALUES ('andry', '\x579ed4f7739b4ae8d1fd34859e944ff3a64414997cef0bced96ce0d8bd011543', '\x028531dc497f7a017a0caa1116422894ea39fd67cec3dd727175703d5195abf91c313bb3b24457f9fcdd0acb9b998bd2dde91d045260ee98245baee4dcc7270b5971b0d2ca273b7a15dbccb57b919e5b098f84148468381b40c4a11610476b0307', 1772366400000);
INSERT INTO public.alembic_version VALUES ('0.1.0');
INSERT INTO public.audit VALUES ('\x019ca9450a00ea68f04b6991b629b1df', 'andry', 1772366400000, NULL, 'person_corrected', 'verified otherwise: carnet');
INSERT INTO public.audit VALUES ('\x019ca9450a00002d07b52132834552e3', 'andry', 1772366400000, NULL, 'invalidate', '019ca9450a0078e4f39761305653f9e2');
INSERT INTO public.audit VALUES ('\x019ca9450a00ef614b58e7b93fe9dee0', 'andry', 1772366400000, '\x028531dc49d2ed1e9f541f0c1ca747d82747f501bf0dd8aa113c6e0b0c1f8af4518d9bedb69d4b3be95384cf9433eabda59fbd6a96cb7f0d7fd7557d553a88e242a6ca72cc3f417029d2f783250d0c91bb8ec9c7a86bdf7b106637aaf41a271441', 'broadcast', 'news to everyone');
INSERT INTO public.audit VALUES ('\x019ca9481740bbcaee7e5df38b55cbe0', 'sahara', 1772366600000, '\x028531dc49826d1a7c7b40cc0b19f2f1973f97ef8e2c2514ecdfa83597a4e4a2fe51aad457054df506978642565f4fad184835e963ac93bf9c74c2dc14c3321808cd8753b364c07e68e8b7f60614ca34e713003a65006f14e65580e6c9631cc04c', 'close', '');
INSERT INTO public.audit VALUES ('\x019ca9483e50b508dfb7316d080a9617', 'sahara', 1772366610000, NULL, 'export', '019ca9483e506f1882722a8fa5fd5e2e csv');
INSERT INTO public.audit VALUES ('\x019ca948656061ad47a43d97e3060f65', 'sahara', 1772366620000, NULL, 'handover', '2026-03-02, list 019ca9483e50: 1 with a name, 0 without');
INSERT INTO public.awaited_closing_texts VALUES ('andry', '\x579ed4f7739b4ae8d1fd34859e944ff3a64414997cef0bced96ce0d8bd011543', 'closing', 'closing', NULL, 'es', 1772366400000);
INSERT INTO public.broadcasts VALUES ('\x62626262626262626262626262626262', 'andry', 'news', 'running', '{"es": "<b>Hola</b>"}', 4, 1772366400000, NULL, NULL, NULL, NULL, '\x028531dc495e1ddf8cc53302d15ecf1de4d1b994b1d648df22f68630a8d65f11339ad2206998ade447e31ad6df7c47576750c6d3587510e668e66ffe570f84d4d85852702e18df5b53e1224d9dce14324a862b3b8e01c2702e4f4cda83cf59256a', 5, '\x028531dc4951da76df87c64c3b4596c1ccc426d01a7f65f99f897b403265efe053a015db3fb3b44edf828deeeff03dbd9ef3ae13ed3c3d229b771c9b60bdcc20407bfd26619ef9eaa4bd62184475ca6dd59c8c47e60d7ac37547ef589adc90c64e', '62626262626262626262626262626262', '\x028531dc4976ff737ca22eeda7a2f295b35ca5ea3415711f6854660d4c183dadbe4f2ec2ff02115b359ea4f91be0479bcf84e50386207036e3226276ac9ecc6410f2116d42607f296a181dbe8e0d90b6212f9d63da90f6e02b00e39a24b66fdc5b', 'es', NULL, 0, NULL, 7, 7, 1772366400000, NULL, 1772366400000, NULL, NULL, NULL, '\x028531dc49c7c95f1c374ac52ceec3999ce4debb7baf1cf9b81b6e401ee6d37f94de7337db4f3ebf5734c6a5f0c5099d8e0069ea2fb8dc29511aa147cf9ed24a0bb8086f551c6d4ec49b00a10db1b6f6f75a6c6b4f4282f948d0e78280d367697e', NULL);
INSERT INTO public.changes_after_export VALUES ('\x019ca9488c7054b2784c956647331fdd', 'sahara', 1, 'withdrawn', 1772366630000, NULL);
INSERT INTO public.closing_texts VALUES ('\x6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b', 'andry', 'closing', 'closing', NULL, 'es', 1, '\x028531dc4935c635a57cf10045f9f4019a8a20621fb12052c5f1527a5a1d119a204e1919509f246fa9427f56a91bdada32eb01ed25a2c95975e9337787b655de4a8982ccc57c95793570837607f30d4400c150bd1d63ed6b6b910a700ce2615eed', '\x028531dc4957d890561136f147117cebbe01b625bb777a5625d194d9a392b6e4e47952647a9a0126ec60df76ae938243477ceb32797aa55e9ebda6e3a8313920f9d2cb8996d3725dbb9ae0e8bb09073ab7a7fa982f0906b1e5787cf127c9f480a0', 1772366400000, NULL, NULL);
INSERT INTO public.consent_texts VALUES ('\xad462b81bdd4c59d48fdf19266a2471071458d054bc66e5cab3b490ebc8dbfaf', 'andry', 'es', '1', 'Yo, {name}, firmo.');
INSERT INTO public.consents VALUES ('\x019ca9450a008046c0bca16d689b527d', 'andry', '\x019ca9450a00432ee73a8c1e94ac0ecf', 'signature,news', '\xad462b81bdd4c59d48fdf19266a2471071458d054bc66e5cab3b490ebc8dbfaf', '1', 'es', 'telegram', 7, 1772366400000, NULL, 0, NULL, 1, NULL);
INSERT INTO public.consents VALUES ('\x019ca9450a0089cccac1610d61cd5a4f', 'andry', '\x019ca9450a00208980e27efd97abefc2', 'signature,news', '\xad462b81bdd4c59d48fdf19266a2471071458d054bc66e5cab3b490ebc8dbfaf', '1', 'es', 'telegram', 7, 1772366400000, NULL, 0, NULL, 1, NULL);
INSERT INTO public.consents VALUES ('\x019ca9450a00c2aa6b81412f3f1dfe4c', 'andry', '\x019ca9450a00752772163a1489e15275', 'signature,news', '\xad462b81bdd4c59d48fdf19266a2471071458d054bc66e5cab3b490ebc8dbfaf', '1', 'es', 'telegram', 7, 1772366400000, NULL, 0, NULL, 1, NULL);
INSERT INTO public.consents VALUES ('\x019ca9450a00a710ebf8871ce1137bf6', 'andry', '\x019ca9450a0096491228d9779fb572e4', 'signature,news', '\xad462b81bdd4c59d48fdf19266a2471071458d054bc66e5cab3b490ebc8dbfaf', '1', 'es', 'telegram', 7, 1772366400000, NULL, 0, NULL, 1, NULL);
INSERT INTO public.consents VALUES ('\x019ca9450a00b67888c2c11f3ff337b7', 'andry', '\x019ca9450a00303765c721e17c2ebedc', 'signature,news', '\xad462b81bdd4c59d48fdf19266a2471071458d054bc66e5cab3b490ebc8dbfaf', '1', 'es', 'telegram', 7, 1772366400000, NULL, 0, NULL, 1, NULL);
INSERT INTO public.consents VALUES ('\x019ca9450a00628544b582e7d3503e1f', 'andry', '\x019ca9450a006310639e825306555d09', 'signature,news', '\xad462b81bdd4c59d48fdf19266a2471071458d054bc66e5cab3b490ebc8dbfaf', '1', 'es', 'telegram', 7, 1772366400000, NULL, 0, NULL, 1, NULL);
INSERT INTO public.conversations VALUES ('andry', '\x65945f367f301f8c8eed787bc422cbfdcaabb848761b0f789cc162a0b487f277', 'thanks', 0, NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, '[]', NULL, 2, 1772366400000);
INSERT INTO public.conversations VALUES ('andry', '\xfa733cb8e61b7feafef3db5da0126b78aba68ec13439437896545871e1d4349c', 'thanks', 0, NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, '[]', NULL, 2, 1772366400000);
INSERT INTO public.conversations VALUES ('andry', '\xe1a80e69180546ce03712c2b27e437332be6a71e7f03720ed8dcfba5c8b72bba', 'withdrawn', 0, NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, '[]', NULL, 3, 0);
INSERT INTO public.conversations VALUES ('andry', '\xb97aa1e7339bfb38d39e656e5f749b1b1bc52de1817dfbd054cb15a71b3ab0a4', 'thanks', 0, NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, '[]', NULL, 2, 1772366400000);
INSERT INTO public.conversations VALUES ('andry', '\x1807401a9071d99e14c76f8758d46e03acecd5b73f7f19fdd99f17d381656761', 'thanks', 0, NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, '[]', NULL, 2, 1772366400000);
INSERT INTO public.conversations VALUES ('andry', '\xbc1fa9c488ef652e54c14eeff581cc26a32f55615c206efc50575c533d1ae306', 'thanks', 0, NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, '[]', NULL, 2, 1772366400000);
INSERT INTO public.conversations VALUES ('andry', '\xddff2671ca0864d5c26b42bc70c24cbbb6a87dc912a5a8d87bcc26e6ea85164d', 'thanks', 0, NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, '[]', NULL, 2, 1772366400000);
INSERT INTO public.conversations VALUES ('andry', '\x55aa9dda88687c2af0498cee6e2ca62952f3e525ba2e98cce8e370734c1b1f2b', 'consent', 0, NULL, NULL, '\x028531dc496520a9af4bf180e223cbe8c983fffae3692908cfb363927e43230cdf6c4400b7e4b719ff0a746268faa816e397c89ab4ce8a12bcbbbb2964823747f99e190a1ba437ed26a9b9fa3d31ac642082a68a306cd7233b7052f2c03aaa0575', 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, '[]', NULL, 1, 1772366400000);
INSERT INTO public.conversations VALUES ('sahara', '\x71e0f90144e44e8d8d13d53034441f102d81fc974e00b91975c135076994b704', 'withdrawn', 0, NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, '[]', NULL, 3, 0);
INSERT INTO public.deliveries VALUES ('\x62626262626262626262626262626262', 1, '\x019ca9450a00432ee73a8c1e94ac0ecf', 'es', 'delivered', 1, '\xd3f6f78eea2147129c5c780a1344844e', 1772366402000, NULL, NULL);
INSERT INTO public.deliveries VALUES ('\x62626262626262626262626262626262', 4, '\x019ca9450a00752772163a1489e15275', 'es', 'sending', 1, '\xd3f6f78eea2147129c5c780a1344844e', 1772366401000, NULL, NULL);
INSERT INTO public.deliveries VALUES ('\x62626262626262626262626262626262', 5, '\x019ca9450a0096491228d9779fb572e4', 'es', 'pending', 0, NULL, 1772366400000, NULL, NULL);
INSERT INTO public.deliveries VALUES ('\x62626262626262626262626262626262', 6, '\x019ca9450a00303765c721e17c2ebedc', 'es', 'pending', 0, NULL, 1772366400000, NULL, NULL);
INSERT INTO public.drafts VALUES ('andry', '\x579ed4f7739b4ae8d1fd34859e944ff3a64414997cef0bced96ce0d8bd011543', '\x028531dc49688d1a6f45c200d3edbdeb8300ab951c9649a0c8c20f8226e6926b32cb17e903acaf7f59cd79463de9bd2184fdf8071cc07df8b10c58bee7584681b8efe19f94dfa1f1624a32dd97c6c24bcaca939f37201d61fdde95cf829ab686f1', 1772366400000);
INSERT INTO public.exports VALUES ('\x019ca9483e506f1882722a8fa5fd5e2e', 'sahara', 1772366610000, 1, 1, 0);
INSERT INTO public.handovers VALUES ('\x019ca94865604c9416de66a87091e5cd', 'sahara', '\x019ca9483e506f1882722a8fa5fd5e2e', '2026-03-02', 'a', 1, 0, 1772366620000, NULL);
INSERT INTO public.invalidations VALUES ('\x019ca9450a0078e4f39761305653f9e2', 'andry', '\x028531dc49849ae4b5d9be66a17790aefc0e84f1ea50ad54c687fa88bdaa5b112e073165090755b679464d861b4a6e1a670cde66eb7259242596ef730e05a96440c179619a4a899c5b7378aea8760fb790b36f0f9ea338fda357f7a166afebfa3e', '\x028531dc49136c7edf2c2da753f42680986f12bcc30c2f254ac32b4dc375926c5aa2f75f77f702107b6ce40566611bd29192d565c5c01393ff49a56dfccbb5b591cd82a781888b381f1a32119a56f160a358af107ac65a3d65f49e10bc00013983', 1, 1772366400000, NULL, NULL);
INSERT INTO public.leases VALUES ('broadcast/andry', 'me', 1772366460000);
INSERT INTO public.person_codes VALUES ('andry', '\x1807401a9071d99e14c76f8758d46e03acecd5b73f7f19fdd99f17d381656761', '\x7fbb5206e52d49f498a7ee07d5aae57c46738909afa7fffb5140332be24013cc', 1774958400000, 0, NULL);
INSERT INTO public.person_notices VALUES ('\x019ca9450a00624f0d28fcdb954e2afe', 'andry', '\x1807401a9071d99e14c76f8758d46e03acecd5b73f7f19fdd99f17d381656761', '\x028531dc49beb3ccfc7de619303e3b6fc26e945357656ee6303933e438adb483d75805a38549abf3036e55640b4a37eb07869f21918b0b199aed578a51727a96c4884b19f1f25c4760f1fdb789a283195d79bf1760ccf8fc5c352d52d80d0382ae', 'es', 'corrected', 1772366400000, 0);
INSERT INTO public.petitions VALUES ('andry', 5, 7, 3, NULL, NULL, 0, '\x6bebfe8558f170b3a80223c94654d83ce484d41698a2932cb533eff997ee1c69', 0, NULL, 0, NULL);
INSERT INTO public.petitions VALUES ('sahara', 0, 1, 2, 1772366600000, 1, 1, '\x216dc4e620a3b062f9014b433042f16adaf8be88d1c8bfae4ceed32e553a13a3', 0, NULL, 0, NULL);
INSERT INTO public.sent_files VALUES ('andry', '\x65945f367f301f8c8eed787bc422cbfdcaabb848761b0f789cc162a0b487f277', 5, '\x028531dc49360a3ca5951d8d873b6e09754172e464b2aa2c0fec34ef9dd76b8248cc51146ba9f39977dd906f4882a4d7a117c2977b786805f69a439a09f3db98725708055f2bb8ba3a36d1024dac3f9805e837bb6ba3a5c19f07b537b3694cd242', 1772366400000, 0);
INSERT INTO public.signatures VALUES ('\x019ca9450a00432ee73a8c1e94ac0ecf', 'andry', '\x65945f367f301f8c8eed787bc422cbfdcaabb848761b0f789cc162a0b487f277', 1, '\x028531dc49172af55afe74b96838b35747939ba720b3b310174dd949605b2c35fd775fb5be07419a6ab4100ecc46edbaa63033f43e4f766fa4044067d792f5b6e1d40edd22cfd9fdf2add25107d99e0e8dd8f238a7d0401fb80991188ae5d82687', '\x028531dc49ed8bc15edb81639769b29eaf6246c5d48e0ecf474cdf0fe9b316795ecd894381a344fbdcbadb0d8923a587b20ecbc36e8c35586c5110666ebe79af00445dc20d06c5a1054d6d3862a020e8cf2aea8303fdf1cf38f84fde3f46ddf17f', 'es', NULL, '1', 1772366400000, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.signatures VALUES ('\x019ca9450a00208980e27efd97abefc2', 'andry', '\xfa733cb8e61b7feafef3db5da0126b78aba68ec13439437896545871e1d4349c', 2, '\x028531dc49424a74344803cdf03b7d6092a2542a40ab2b470a1c387a30d8f6a9c421ca11ca3855f3057c1becd5fdd105688e91dbc7029aee987d07696a8c21804dcb72f95b83a240c3945c3354135c526a3e4c396a69ee8a3a46da078a2bc88d75', '\x028531dc4950e7e15aead2c03a96003d7857e9fb249461bc6e65c867f3bc9640b4ba0d4c7af6eb014b6405a0a4eb8c43b42e0ffe1f5e2c92737912168dd1c3e9594d859222b10c4211d6b1ae0015feeb3d19f8c4f0e0ef23526799ee51bdadf70d', 'es', NULL, '1', 1772366400000, NULL, 1772366400000, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.signatures VALUES ('\x019ca9450a00752772163a1489e15275', 'andry', '\xb97aa1e7339bfb38d39e656e5f749b1b1bc52de1817dfbd054cb15a71b3ab0a4', 4, '\x028531dc49033cbefc83dbdee42d204d8d1774005c23767cb34d37004fefedf5d596cfb32e33efca0414511bf70728a1e3f848c03edefb6a28cd45d3b2130ce3614e6d66a6bf551fd03f5989913d223847020445947e7d89770608119646b4b693', '\x028531dc497a29b285281a06b8dbdc23d94911a5086ae4595c64d495f9533fc295cb143908e3fee5041a540e66a8c6d85c64df0060284c9df8e4d3bad45ea22dcd075c1de40501577533d14e2abb3daca6b40099e156569c8ca6050826b958e4c1', 'es', NULL, '1', 1772366400000, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.signatures VALUES ('\x019ca9450a0096491228d9779fb572e4', 'andry', '\x1807401a9071d99e14c76f8758d46e03acecd5b73f7f19fdd99f17d381656761', 5, '\x028531dc498c7debf82668d2dd3c9f81963455ed37f69de5ff2a53cdf7c31c6a4315d407c344468c8633274f5e7fd88d9400b1675f18a2288c24fd99a3132ed0c3af16574752abf779c6aaac019d507291f5dac67be21cab3a591a5f4ceac5c664', '\x028531dc49239d4e5b88e73f60973fff0282339410716cf0d942deb67928a038eb19c5d41d755b822e0e4d13c9b2a45147cceebdfddb37d0a955f5d4591248d07391fb2d65cab562b123a4a64d5c5ca30d78d7c68ad18965fcb2e4dfa735000a49', 'es', NULL, '1', 1772366400000, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.signatures VALUES ('\x019ca9450a00303765c721e17c2ebedc', 'andry', '\xbc1fa9c488ef652e54c14eeff581cc26a32f55615c206efc50575c533d1ae306', 6, '\x028531dc490dd77f69d5c732e5f9d0dd3d6b238b3ec5eef5e667ddf2920368886db4c28b3d48fa75d83d738d281b001d78cdf7400a3974aff75288b433df40e92069e1e12e664d180d1b2ed5ac61dc5cd94421c227506a9625d0d3ff3ca71c3042', '\x028531dc4991774815f2f7dad5d47fea11233a1f7e739ac668c4c5f8d4e30ddff280be2f36b0ebf5b2753696d4f49fa78f56c9db291cabe6d87c1277ac4fd7b6f0ba264d806269ef9f32d2481eb0b061effefd519020312465c8f4dd1c7b0ca96e', 'es', NULL, '1', 1772366400000, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.signatures VALUES ('\x019ca9450a006310639e825306555d09', 'andry', '\xddff2671ca0864d5c26b42bc70c24cbbb6a87dc912a5a8d87bcc26e6ea85164d', 7, '\x028531dc49ce089a1f3a4ab5bc059f6b4b311a5fe6fbff376fcb311aeecae541a8b734c815170d2984efcde7847e02203e6fb09072ef647af926a3f4c6a7b79ffba058cf12adfea7d1aad33148a9c61b9fbfa2015260ea4f0b4a7e90f3d3f28373', '\x028531dc492ecd42bed9ae21775a2242a70e1a3ea6afe410a383c059eebf6a06ae019561107faa3697c7bf77de6ddf0c9e16c2288d6e94f5b45a99f994b0985b3c6c2b564178a0aee11ee3ec0c4da7fdac447ec4803f59c35eeebe69d32d4ba6be', 'es', NULL, '1', 1772366400000, NULL, NULL, NULL, NULL, NULL, '\x019ca9450a0078e4f39761305653f9e2', NULL);
ALTER TABLE ONLY public.admin_names
    ADD CONSTRAINT admin_names_key PRIMARY KEY (petition, admin);
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
