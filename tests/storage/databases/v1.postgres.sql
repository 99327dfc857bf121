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
    news_only bigint DEFAULT 0 NOT NULL,
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
INSERT INTO public.admin_names VALUES ('andry', '\x579ed4f7739b4ae8d1fd34859e944ff3a64414997cef0bced96ce0d8bd011543', '\x028531dc495a6f7b59863945e86248fca4a0779fd34ae4377d6af2fbd045707115e4b4b542f6a6b1f960f07e953bc31687df2646bc5dc7b01647cf62b4258453fa6c7ca4248a4dddfb5c8ea3c824413cbca4ebe4f32474c10e88f249e0ba14f21a', 1772366400000);
INSERT INTO public.alembic_version VALUES ('v1');
INSERT INTO public.audit VALUES ('\x2bb0407c17be40ac9790528411cb1e04', 'andry', 1772366400000, NULL, 'person_correct', 'verified otherwise: carnet');
INSERT INTO public.audit VALUES ('\xd27342e6479f4de89b31bb8bf1407591', 'andry', 1772366400000, NULL, 'invalidate', 'edebc2a27c1f4617a5af43580422db6a');
INSERT INTO public.audit VALUES ('\x62626262626262626262626262626262', 'andry', 1772366400000, '\x028531dc491613c33ac55b2a4f4c3a57f753e84acdf6fddb1837e570c1ec6f23f75d00da75a40a0d2932d3598375ccdf2e9c4045527b841270df662a603c39b6af1df3140a9d38a0f9e68125637f859c75d1a3684581e1a463b1de5011e1f4cf02', 'broadcast', 'news to everyone');
INSERT INTO public.audit VALUES ('\x2e125d17186f4755a4dc1103cf6435bb', 'sahara', 1772366460000, NULL, 'name_removed', '');
INSERT INTO public.audit VALUES ('\x3a4874c7d4ee4076bf6b0152b57c2c22', 'sahara', 1772366460000, NULL, 'name_removed', '');
INSERT INTO public.audit VALUES ('\x4cdd862597604591864ad3d0b42cf7e0', 'sahara', 1772366490000, NULL, 'name_given', '');
INSERT INTO public.audit VALUES ('\xd41a1ef9ed2c4589a2c6a0617c911c43', 'sahara', 1772366400000, NULL, 'person_correct', 'verified otherwise: carnet');
INSERT INTO public.audit VALUES ('\x2fa1f80bd7a941498f96e7c59487bfe4', 'sahara', 1772366400000, NULL, 'person_correct', 'verified otherwise: carnet');
INSERT INTO public.audit VALUES ('\x136f8a1693bb4f3786607cf686ba5565', 'sahara', 1772366600000, '\x028531dc492121784fc3aa6b7e3b4516a9945606cbf065f5d040e0324860d04e64a952f0d875370d314e7233f2fb8df3f39a2c835078579466059641a4cb5270974d75a1686ac4e7126cf589ca75057877c3b4e53590c009fea699a7e809987303', 'close', '');
INSERT INTO public.audit VALUES ('\x2a3b95a44f63416292981f3238e41827', 'sahara', 1772366610000, NULL, 'export', '019ca9483e50f1bfafa4b8cf739154af csv');
INSERT INTO public.audit VALUES ('\xe85e1034d3654cebb4e00208a4104228', 'sahara', 1772366620000, NULL, 'handover', '2026-03-02, list 019ca9483e50: 3 with a name, 3 without');
INSERT INTO public.awaited_closing_texts VALUES ('andry', '\x579ed4f7739b4ae8d1fd34859e944ff3a64414997cef0bced96ce0d8bd011543', 'closing', 'closing', NULL, 'es', 1772366400000);
INSERT INTO public.broadcasts VALUES ('\x62626262626262626262626262626262', 'andry', 'news', 'running', '{"es": "<b>Hola</b>"}', '\x6363636363636363636363636363636363636363636363636363636363636363', 4, 1772366400000, NULL, NULL, NULL, NULL, '\x028531dc491f8885811e2ec8fe8d1538e3eb20de0bd0a42967efebd6288d8e61bec4163ac351828fcbd21f8f26ce4fdddd045ae23ebdb37dfb3ba2de36d959d90e42e22e1bda8b426ff67c75fbb9a2b2bf7777a5894dad2efcbdb730907037e7b2', 5, '\x028531dc49d172c130b9a1514e55dfa506d72c2875e50df411244c014c4a9dacac1cadf193071740b4c982e17459f7710198a9b64d3b0f76780b42bf35578f3dd1abf4f7de552d444d594870239f75ebc93865bfc8af870ef0ac32fc6715041acd', '62626262626262626262626262626262', '\x028531dc49cf3b5e5be5e4656f3f9a710606aac7d693a4ffd2b54a2bc0e38af024ab4d7d0c752228bd979c869f3456a5a452b58dc5f52fabde4f6d9f9c323ee7b086f19dabcec95625e15b7aa98ce24465352cb2b5c28e4809d304c05e80ee555a', 'es', NULL, 1, 0, NULL, 7, 7, 1772366400000, NULL, 1772366400000, NULL, NULL, NULL, '\x028531dc4918454f624a3ffa8462b8c4bb4c579842590f2899c923dad2b8e583136380f08242d101d243cf86342f2b0042a26b96b6613b7d054df5272ab963aab956152ce954623e88612461d62179946738ab32a464dd3a70f7d64120bee8dc74', NULL);
INSERT INTO public.closing_texts VALUES ('\x6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b', 'andry', 'closing', 'closing', NULL, 'es', 1, '\x028531dc49e883598c06cd22b5334484cea1a68f29324a404102725c6b276077dcadc8a5ecccaf7f24635316939c1f508256997517fd10b99f5ca0e692e4944f03a357496fec2ac055700acbd55e7f14cf3f6aa6073528019959722dec7591ed26', '\x028531dc491fe54028afe7fefe00b72caf9cd13f5c75fdf2a2f0fe29e1e08f20fddfbb5e8818574f0d368cb0de888ad2cd3753a85cb72c67688bdf5881f96a0bacd4f18ce29f37780a4a3a5ee212fa45f8e1cfad7417b5867b4d5713bdf065e3f2', 1772366400000, NULL, NULL);
INSERT INTO public.consent_texts VALUES ('\xad462b81bdd4c59d48fdf19266a2471071458d054bc66e5cab3b490ebc8dbfaf', 'andry', 'es', '1', 'Yo, {name}, firmo.');
INSERT INTO public.consents VALUES ('\x019ca9450a0016aef9044f157985f36e', 'andry', '\x019ca9450a00ac3e4f540b7185957be3', 'signature,news', '\xad462b81bdd4c59d48fdf19266a2471071458d054bc66e5cab3b490ebc8dbfaf', '1', 'es', 'telegram', 7, 1772366400000, NULL, 0, NULL, 1, NULL);
INSERT INTO public.consents VALUES ('\x019ca9450a00ebb0df833897b138b7d6', 'andry', '\x019ca9450a00fa0e02802293b46ac96a', 'signature,news', '\xad462b81bdd4c59d48fdf19266a2471071458d054bc66e5cab3b490ebc8dbfaf', '1', 'es', 'telegram', 7, 1772366400000, NULL, 0, NULL, 1, NULL);
INSERT INTO public.consents VALUES ('\x019ca9450a002adacffb706485af06d1', 'andry', '\x019ca9450a00953f09d9b058c0c55fbd', 'signature,news', '\xad462b81bdd4c59d48fdf19266a2471071458d054bc66e5cab3b490ebc8dbfaf', '1', 'es', 'telegram', 7, 1772366400000, NULL, 0, NULL, 1, NULL);
INSERT INTO public.consents VALUES ('\x019ca9450a005c1ea1585896c2ee8b79', 'andry', '\x019ca9450a00df41aa291f42a2ab6cc1', 'signature,news', '\xad462b81bdd4c59d48fdf19266a2471071458d054bc66e5cab3b490ebc8dbfaf', '1', 'es', 'telegram', 7, 1772366400000, NULL, 0, NULL, 1, NULL);
INSERT INTO public.consents VALUES ('\x019ca9450a0058d6992b692f1aaf138a', 'andry', '\x019ca9450a00e7973d92f562c937be2c', 'signature,news', '\xad462b81bdd4c59d48fdf19266a2471071458d054bc66e5cab3b490ebc8dbfaf', '1', 'es', 'telegram', 7, 1772366400000, NULL, 0, NULL, 1, NULL);
INSERT INTO public.consents VALUES ('\x019ca9450a00c9a339492713286dbfe5', 'andry', '\x019ca9450a00d919ee79eabffcc4145f', 'signature,news', '\xad462b81bdd4c59d48fdf19266a2471071458d054bc66e5cab3b490ebc8dbfaf', '1', 'es', 'telegram', 7, 1772366400000, NULL, 0, NULL, 1, NULL);
INSERT INTO public.consents VALUES ('\x019ca9450a00dc0e3003f932800cfdc0', 'sahara', '\x019ca9450a00dae8b983ed0746ed4cbb', 'signature,news', '\xad462b81bdd4c59d48fdf19266a2471071458d054bc66e5cab3b490ebc8dbfaf', '1', 'es', 'telegram', 7, 1772366400000, NULL, 0, NULL, 1, NULL);
INSERT INTO public.consents VALUES ('\x019ca9450a00393077d24cacb349f1da', 'sahara', '\x019ca9450a00a488328298bfbd13923d', 'signature,news', '\xad462b81bdd4c59d48fdf19266a2471071458d054bc66e5cab3b490ebc8dbfaf', '1', 'es', 'telegram', 7, 1772366400000, NULL, 0, NULL, 0, NULL);
INSERT INTO public.consents VALUES ('\x019ca9450a006cbf289238a59d06c6a4', 'sahara', '\x019ca9450a00ad6f709ee3c79ff67e26', 'signature,news', '\xad462b81bdd4c59d48fdf19266a2471071458d054bc66e5cab3b490ebc8dbfaf', '1', 'es', 'telegram', 7, 1772366400000, NULL, 0, NULL, 1, 1772366460000);
INSERT INTO public.consents VALUES ('\x019ca9450a0093ef296ce801f4de4645', 'sahara', '\x019ca9450a00749b050c94bc6a740b73', 'signature,news', '\xad462b81bdd4c59d48fdf19266a2471071458d054bc66e5cab3b490ebc8dbfaf', '1', 'es', 'telegram', 7, 1772366400000, NULL, 0, NULL, 1, 1772366460000);
INSERT INTO public.consents VALUES ('\x019ca9450a0003134c0f2265a1b1da36', 'sahara', '\x019ca9450a00eeb12ca29b42376b9b42', 'signature,news', '\xad462b81bdd4c59d48fdf19266a2471071458d054bc66e5cab3b490ebc8dbfaf', '1', 'es', 'telegram', 7, 1772366400000, NULL, 0, NULL, 1, NULL);
INSERT INTO public.consents VALUES ('\x019ca9450a00ffe616ddf927d3ccbde5', 'sahara', '\x019ca9450a00a57d8fea570616f9aa21', 'signature,news', '\xad462b81bdd4c59d48fdf19266a2471071458d054bc66e5cab3b490ebc8dbfaf', '1', 'es', 'telegram', 7, 1772366400000, NULL, 0, NULL, 0, NULL);
INSERT INTO public.consents VALUES ('\x019ca9466990d7a126993df55d869de1', 'sahara', '\x019ca9450a00749b050c94bc6a740b73', 'with_name', '\xad462b81bdd4c59d48fdf19266a2471071458d054bc66e5cab3b490ebc8dbfaf', '1', 'es', 'telegram', 7, 1772366490000, NULL, 0, NULL, 1, NULL);
INSERT INTO public.conversations VALUES ('andry', '\x65945f367f301f8c8eed787bc422cbfdcaabb848761b0f789cc162a0b487f277', 'thanks', 0, NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, '[]', NULL, 2, 1772366400000);
INSERT INTO public.conversations VALUES ('andry', '\xfa733cb8e61b7feafef3db5da0126b78aba68ec13439437896545871e1d4349c', 'thanks', 0, NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, '[]', NULL, 2, 1772366400000);
INSERT INTO public.conversations VALUES ('andry', '\xe1a80e69180546ce03712c2b27e437332be6a71e7f03720ed8dcfba5c8b72bba', 'thanks', 0, NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, '[]', NULL, 2, 0);
INSERT INTO public.conversations VALUES ('andry', '\xb97aa1e7339bfb38d39e656e5f749b1b1bc52de1817dfbd054cb15a71b3ab0a4', 'thanks', 0, NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, '[]', NULL, 2, 1772366400000);
INSERT INTO public.conversations VALUES ('andry', '\x1807401a9071d99e14c76f8758d46e03acecd5b73f7f19fdd99f17d381656761', 'thanks', 0, NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, '[]', NULL, 2, 1772366400000);
INSERT INTO public.conversations VALUES ('andry', '\xbc1fa9c488ef652e54c14eeff581cc26a32f55615c206efc50575c533d1ae306', 'thanks', 0, NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, '[]', NULL, 2, 1772366400000);
INSERT INTO public.conversations VALUES ('andry', '\xddff2671ca0864d5c26b42bc70c24cbbb6a87dc912a5a8d87bcc26e6ea85164d', 'thanks', 0, NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, '[]', NULL, 2, 1772366400000);
INSERT INTO public.conversations VALUES ('andry', '\x55aa9dda88687c2af0498cee6e2ca62952f3e525ba2e98cce8e370734c1b1f2b', 'consent', 0, NULL, NULL, '\x028531dc49aaa81ff51b8be7bf40237d83b0a8c77086b1401afee0ef53ef383d4c71c6c48c4d1b56cbad937e62fdd90a50dfe0637b0e4ae28f4152408e19e31059fde1e739c6ade9f5512f8b5b61d667cbe46e01df582ab89e07eb04320f6bde79', 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, '[]', NULL, 1, 1772366400000);
INSERT INTO public.conversations VALUES ('sahara', '\x71e0f90144e44e8d8d13d53034441f102d81fc974e00b91975c135076994b704', 'thanks', 0, NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, '[]', NULL, 2, 1772366400000);
INSERT INTO public.conversations VALUES ('sahara', '\x238114ec5c5cf5261cdf5a0ebee4585599c7bd75591647930beddbd986f869a2', 'thanks', 0, NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, '[]', NULL, 2, 1772366400000);
INSERT INTO public.conversations VALUES ('sahara', '\xe8fa31956f4ac411c07c88d4f1f127e7eb2c743f81c069526125b7e2145dd169', 'my_data', 0, NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, '[]', NULL, 3, 1772366460000);
INSERT INTO public.conversations VALUES ('sahara', '\x1aa3577d511f4be9c3485a44c17342d75f210aa23ed08256378c08b86213100b', 'my_data', 0, NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, '[]', NULL, 4, 1772366490000);
INSERT INTO public.conversations VALUES ('sahara', '\xf1adb8360bd1b6e2bccb1ad818ddc4087b47f83035820a906ad278c1bae5ef8a', 'thanks', 0, NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, '[]', NULL, 2, 1772366400000);
INSERT INTO public.conversations VALUES ('sahara', '\x8f3833194981b7f6f8d1af726c642461625105da9fcdf4836d1f80195b2677fe', 'thanks', 0, NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, '[]', NULL, 2, 1772366400000);
INSERT INTO public.conversations VALUES ('sahara', '\x8442e6237ea061ab604877a7c9ff729fdd7a046d0a10eded063bf0d9bb7ccfbe', 'consent', 0, NULL, NULL, '\x028531dc49cc80d85af8a03e9a82e0dd555a306659369e777108586c43d0402e0c99f4a49a46da62b13d860c2a6e51acbca12529c1bb8a7283bbc2d26d0760568e84b2bce9f0bb677e44f350b2cb8bf9c7476371ad1503cebc1dd501b28682f024', 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, '[]', NULL, 1, 1772366400000);
INSERT INTO public.conversations VALUES ('sahara', '\x38bc2a7b1c4b70e83fa3d7208fbf902beabf17bb1c97df41e6712c6337c47574', 'consent', 0, NULL, NULL, '\x028531dc49b53c80592cd6db7fa2ff94e1c97063e89cd1296ef0655d1931864177c12ecbfafe960193ab641a3be517060404ebb1754e4350df11ba52a5421cb0a7364e9fe0c60c4379db6db8b42305da30384992acede6b4cf5bb20eb8bd1a6b29', 0, 0, 0, NULL, NULL, NULL, NULL, NULL, '[]', NULL, 1, 1772366400000);
INSERT INTO public.conversations VALUES ('sahara', '\x0677f6e61d8a15340f8f774fbd43505095311eab7cfd14bf4c06f0544e8d2e00', 'name', 0, NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, '[]', NULL, 1, 1772366400000);
INSERT INTO public.conversations VALUES ('sahara', '\xc3258cee3e4d0014b92e581b539138f96e66ead4064dd137016befb381d2dc14', 'help', 0, 'name', NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, '[]', NULL, 1, 1772366400000);
INSERT INTO public.conversations VALUES ('sahara', '\xb67bb6f5c06fd9c7e1a87b3131aee629425b455be96ba05e9a39c6c042aa5ac5', 'name', 0, NULL, NULL, NULL, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, '[]', NULL, 1, 1772366400000);
INSERT INTO public.deliveries VALUES ('\x62626262626262626262626262626262', 1, '\x019ca9450a00ac3e4f540b7185957be3', 'es', 'delivered', 1, '\xc46ce1e6db744353920317a50014f80b', 1772366402000, NULL, NULL);
INSERT INTO public.deliveries VALUES ('\x62626262626262626262626262626262', 4, '\x019ca9450a00953f09d9b058c0c55fbd', 'es', 'sending', 1, '\xc46ce1e6db744353920317a50014f80b', 1772366401000, NULL, NULL);
INSERT INTO public.deliveries VALUES ('\x62626262626262626262626262626262', 5, '\x019ca9450a00df41aa291f42a2ab6cc1', 'es', 'pending', 0, NULL, 1772366400000, NULL, NULL);
INSERT INTO public.deliveries VALUES ('\x62626262626262626262626262626262', 6, '\x019ca9450a00e7973d92f562c937be2c', 'es', 'pending', 0, NULL, 1772366400000, NULL, NULL);
INSERT INTO public.drafts VALUES ('andry', '\x579ed4f7739b4ae8d1fd34859e944ff3a64414997cef0bced96ce0d8bd011543', '\x028531dc49eab5550be1525cc04e0eaa3b26be731d54e7b8e2fad494aa962d1a00c724d9b5ba81e0a0df909dc34773880d96936e8ba290cb27ced77180543f52067c8975c52435b979ccd0c55ddd49025aceda89089278ed3bdf4dfcd0cbb3b532', 1772366400000);
INSERT INTO public.exports VALUES ('\x019ca9483e50f1bfafa4b8cf739154af', 'sahara', 1772366610000, 6, 3, 3);
INSERT INTO public.handovers VALUES ('\x019ca94865605675e0b387c821f1af79', 'sahara', '\x019ca9483e50f1bfafa4b8cf739154af', '2026-03-02', 'a', 3, 3, 1772366620000, NULL);
INSERT INTO public.invalidations VALUES ('\xedebc2a27c1f4617a5af43580422db6a', 'andry', '\x028531dc498f1b36f94a20272cea78bc5ceb4e99f67681e3618d5152a70e598beba4a521de4dcad140b53f1a45b2a1132e067eb5e310013b147675e42534b35dea1561bb1091c911e46b4c3cb06a4cf1b0ec9f00423efc58c6d6e985fe8014d6eb', '\x028531dc498473e8b9169f2c2e07322483e665dd518e6d6fc76102db88abd57c1d81cdff77f282de54a4de92ad089287a8560e345fc4577d92890ae1e2b8547934b1cd6f37a83a8c59e4b88d38287e3b9d500330fd481b711bbe07ae31a908c960', 1, 1772366400000, NULL, NULL);
INSERT INTO public.leases VALUES ('broadcast/andry', 'me', 1772366460000);
INSERT INTO public.person_codes VALUES ('andry', '\x1807401a9071d99e14c76f8758d46e03acecd5b73f7f19fdd99f17d381656761', '\x2260b01091114f30d1c96ce5fa66d0ba06b1d6582302c8ba409b81388ea1d022', 1774958400000, 0, NULL);
INSERT INTO public.person_notices VALUES ('\x019ca9450a000f8ceb254cf3a8efe0ce', 'andry', '\x1807401a9071d99e14c76f8758d46e03acecd5b73f7f19fdd99f17d381656761', '\x028531dc49ea2d8ac9e6b42b787c2d9865c3f810e080029ce828e57179a57a0db8d577d88dc863d96b04881a9043d7686f8b38ab8107c039692093a8970f145c201dc6a556a5e7dd7ca5f25481f64558064e0be6c2830c6c91db25df3c9ce2f9fd', 'es', 'corrected', 1772366400000, 0);
INSERT INTO public.person_notices VALUES ('\x019ca9450a00c1e6e5a3248b7781a2c9', 'sahara', '\xf1adb8360bd1b6e2bccb1ad818ddc4087b47f83035820a906ad278c1bae5ef8a', '\x028531dc4969a147872997443948779e9f5b3114efc75bbd4e137939b2ed3cb559997f2f02fd10c895e5d9dd5aa6cc3f460f8e4246c56c6fb5dd314b727c929027b95d5723799d475df91f4024365aa0268e4e3aff003f5630a8cc7893cc1d5261', 'es', 'corrected', 1772366400000, 0);
INSERT INTO public.person_notices VALUES ('\x019ca9450a00751b317f16cee2e46ebe', 'sahara', '\x8f3833194981b7f6f8d1af726c642461625105da9fcdf4836d1f80195b2677fe', '\x028531dc49b704a014c21938d4cb4e7d618fd290b9d2008376d8b2d0874e3f06dd7d9c2d29288adb6183d10084d2b1cd6ed41e2cc80bd4f97750d1df1d5ddd031ad0905d12219ccd35abae4f8010cee38659c35d8588d3eaa54774c62ba37c4d73', 'es', 'corrected', 1772366400000, 0);
INSERT INTO public.petitions VALUES ('andry', 5, 7, 3, NULL, NULL, 0, '\x6bebfe8558f170b3a80223c94654d83ce484d41698a2932cb533eff997ee1c69', 0, NULL, 0, NULL);
INSERT INTO public.petitions VALUES ('sahara', 6, 6, 6, 1772366600000, 6, 1, '\x216dc4e620a3b062f9014b433042f16adaf8be88d1c8bfae4ceed32e553a13a3', 0, NULL, 0, NULL);
INSERT INTO public.sent_files VALUES ('andry', '\x65945f367f301f8c8eed787bc422cbfdcaabb848761b0f789cc162a0b487f277', 5, '\x028531dc492eaeab4e554b6515994db083aab5962dc263bc78ec4d76781824a1e62024f588e51062cd9cb95a26211bffd5a62b8a0a49be6a8ba45d6baf746882420e57d4c2a757d13bb07bd36ebe00eeef222f68be5815f7f91e64db6009879097', 1772366400000, 0);
INSERT INTO public.signatures VALUES ('\x019ca9450a00ac3e4f540b7185957be3', 'andry', '\x65945f367f301f8c8eed787bc422cbfdcaabb848761b0f789cc162a0b487f277', 1, '\x028531dc49389b7431d00f4a0bdefd66aee61cdabf296cfe54613bb73b1ce5328e17e9ddcbcc57d971f405a09aecfee73a5befc5d59728c6f49e950b6a7d8bdb23ba132e0e6d9d3764ece0c9ded7097b91382f89e19ece7afc04feb006fa6501a8', '\x028531dc49caa91958009f5532bd685c86eb8328ce80b38c848694c540bc9f333ffb77425c916b0b01fc8c96421334ea649e7939b6468ac39d4e940410b22b39c4b914a7cc96f76e7fbf0aced5dab94f6cf606f25424463d4f528c3a2d0ec84b15', 'es', NULL, '1', 1772366400000, NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.signatures VALUES ('\x019ca9450a00fa0e02802293b46ac96a', 'andry', '\xfa733cb8e61b7feafef3db5da0126b78aba68ec13439437896545871e1d4349c', 2, '\x028531dc4909789c884bd812f7a349e150c3c2241e37346e4d1706764d3e97b1ce44bfa23e0462bb49db653da98bb4722789e0fb002b651cabd54a35f269b91b88de994f3b04956c58e898c67f62fa897ff63c72a0e5e9f09a0b9c4503a0cd469a', '\x028531dc49bc7835e7cc58506dd36e1faa7d8879914b0b6a96e209ad2a8646848bd2597b056f0402d036abeac61d49c1f05d1bad0f1def9103621ef378732db04df68202d382fda9c95675389dfe8eab1e522388d837c1c5cd2c76c7a51457fa22', 'es', NULL, '1', 1772366400000, NULL, 1772366400000, 1, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.signatures VALUES ('\x019ca9450a00953f09d9b058c0c55fbd', 'andry', '\xb97aa1e7339bfb38d39e656e5f749b1b1bc52de1817dfbd054cb15a71b3ab0a4', 4, '\x028531dc49a253269e243f51eebd803a3bacf15f4c250a6ca0e35b9b8b62c752fb628fb81403a109c21c4a4250308235a16121d3ad6d7f0ba1b97f0beddffbdd05b63668335fc291d476f950fb1f8558a790ac12d5843a1c159ba8d1cf0a66a7c1', '\x028531dc4906caf95754e46df7dd18f9fc7971ede6b21247be480c285351f3fdbf86b3d4f94405fddc76e2fa48f5f910d64707d23784da413c8de8aab627d2aabaf0dd44472604ba22e008562b2aaf23868a1188bf02be7cfcf027e5e9dfd4ff2b', 'es', NULL, '1', 1772366400000, NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.signatures VALUES ('\x019ca9450a00df41aa291f42a2ab6cc1', 'andry', '\x1807401a9071d99e14c76f8758d46e03acecd5b73f7f19fdd99f17d381656761', 5, '\x028531dc49387aff00d781bd563dab2bc2d37a1db88d35150e83e003e58ed4ccd3e2dd59a27d82f3cbc060751fce3f530d08637f5fc0d6a4ae911bfa075c7accc1cd311d68c9c55a4be83eb0caeb721a25b1492e488095ca5a43c6a0f3d06d486c', '\x028531dc491f09bfd7be87f2873c8c943c358a6da6d5f101100ccb5c892707b516fbed6eb604e761dffd8971807518162efa0e3aa3b4dc8b02066375c3e3498eb0e1ffb7462c5a29fba373af52af4616cab61462a271a7b8fdbe630962fe42dae2', 'es', NULL, '1', 1772366400000, NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.signatures VALUES ('\x019ca9450a00e7973d92f562c937be2c', 'andry', '\xbc1fa9c488ef652e54c14eeff581cc26a32f55615c206efc50575c533d1ae306', 6, '\x028531dc491e677b862a0c378fdc1ba2ec840a0b51cc31933e4e9a9b49db8f69c50e11590d717a6b6f252f5991281629c54726ded5bff51b6bf8ca3c8b91b6dd2fe8529b2656af3dc0d63001ee59432f01876dbe69fbd6848580afa5c92e77ee19', '\x028531dc49386bc423356a39f91f4554fd2dfac80c4c255edc644b8634324715709e706c4f933d2ef78c392c1e2b0e33f79b2d2ae9938dd5e8c9aa4a3e4e07214c06a7502cc4fcb8d85f9c5590fb8853bf4b4662b5b2bfc0b704c2e7406268fc88', 'es', NULL, '1', 1772366400000, NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.signatures VALUES ('\x019ca9450a00d919ee79eabffcc4145f', 'andry', '\xddff2671ca0864d5c26b42bc70c24cbbb6a87dc912a5a8d87bcc26e6ea85164d', 7, '\x028531dc4969b1722f5c4f045fac1ae695c0d789dd152654c05e05d6226f2b42763ff6021a57223fbbf80f5270d293345f6cf8d40ee254a6d14108651734eab9e0cf64f60cecda7f77f76de26a74b98aee5af15027da630e9e6189a802b74c87d5', '\x028531dc498d08a62a8916da64aedd37f46a1e7c55efc20cd161c74cb200d5356987f17a36c45acfe4d77cc72c95a38a230def272f17ebf4511acb79a869fb21104106d366f8afb3320144117b084417b11a8d5569876ba644d124bab6ee44110d', 'es', NULL, '1', 1772366400000, NULL, NULL, 1, NULL, NULL, NULL, '\xedebc2a27c1f4617a5af43580422db6a', NULL);
INSERT INTO public.signatures VALUES ('\x019ca9450a00dae8b983ed0746ed4cbb', 'sahara', '\x71e0f90144e44e8d8d13d53034441f102d81fc974e00b91975c135076994b704', 1, '\x028531dc4936aaaacd38ed49673567513e5b2d8df8a2a17d44ce38a1c46bdd895eb257168889d20a62da48fc34173244ed41bc60374f9e8d9f6d2198f32d36ed1c8740a288000985433ad816de31b079d563b58db13f8478cf909d72cf2145ceb7', '\x028531dc49098d0ca1dbc9e070093cb028821edd00d6f2a7235bb879ad36b9b6263ead01955e10b03cc0ebbb6293fd8de1e3d7879d8aa085cafa3ba731d7ce0c571983a4cc14218f01b842406bb0bad19e3641cadbae0292bf52f04f04e5d7beb2', 'es', NULL, '1', 1772366400000, NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.signatures VALUES ('\x019ca9450a00a488328298bfbd13923d', 'sahara', '\x238114ec5c5cf5261cdf5a0ebee4585599c7bd75591647930beddbd986f869a2', 2, '\x028531dc49065dc5096fe23f3ebf3d919a366bebbcc571afb4c2fdfcc94a2659ff7593dd83e43739d1da8fe8ac119ffa6fd30f283279729d5064fe791a587f03f1d08533f27e06bcc0ef8d41fbd89cfdf026264e717f322b9e354f76882b4199f3', '\x028531dc495478467740c0877084a64644b2dadd809ed9af9a2e58cf3a2b301b7fbec019efeed956707f0d91d0cc48e1128054b64dbc0bbc5b68c898ffd42205ef986832a05ec90f2c0011f2fcedece273c948eb217c90d0ab69a52a4f9eb0ec3a', 'es', NULL, '1', 1772366400000, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.signatures VALUES ('\x019ca9450a00ad6f709ee3c79ff67e26', 'sahara', '\xe8fa31956f4ac411c07c88d4f1f127e7eb2c743f81c069526125b7e2145dd169', 3, '\x028531dc494616d2ef26b2bf5b8fbfe0631e32494d45e7f48a1a3db01a016a554b7e0ad2328ae94093841d2a2527fd5631c2f3227f0fdc3c4b7971c7549241c234fcf44256c552824c88c869b1e1d3d7169a0a771d9bce5427cf193418d9bb19c1', '\x028531dc49fcdd075b1e4ba588935401bdb3d9804b703aacd0e0cfece0544c81474f9374ce7bd84b51ca07a945ba150372efb085581a6cc27fb3fa937df5344bd908169072364193b5a8f35dfe2b7cdcae17126c11c330ecc442bc4fea3260f0b6', 'es', NULL, '1', 1772366400000, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.signatures VALUES ('\x019ca9450a00749b050c94bc6a740b73', 'sahara', '\x1aa3577d511f4be9c3485a44c17342d75f210aa23ed08256378c08b86213100b', 4, '\x028531dc494fe9254946287135fe559336293aaae84da4f48e894bea1ec81a0d7ced9ce47785e20e232791c8ab601811e95145e7a47c26ac569f587acdbaaeaf51d676ec5775014b1b2f85aae7cc85f74cbb9bb6eb2a6f5dbd3e9714afb0358f31', '\x028531dc4915253ccacaebc93192b1357127fc7af208134eaf96d1364757809d25c8decb4b964562728ccba02bff1dd2cc6b4b67b48d5dc285ece4e7aeb1cea3f59c4a268be1fa827ad4a26699c5d568effdbde66fe67977042acdff41f5d1426c', 'es', NULL, '1', 1772366400000, NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.signatures VALUES ('\x019ca9450a00eeb12ca29b42376b9b42', 'sahara', '\xf1adb8360bd1b6e2bccb1ad818ddc4087b47f83035820a906ad278c1bae5ef8a', 5, '\x028531dc4938cbb60a8f90ee071e21cabe8ac10e93d81149d24b27139f57ba4fcbe631576e5eeffeb5ee13811170d381e336cabcff4daecdbc05559cd5e6b3990a42c01b04d474387fa98a99370e76f31c74820bfa2ed68a9eebacb9f48ffd3a67', '\x028531dc492de8dd9900edbdf2f2efa8a88281f135a86e1599685377d55195788fd2277a474a2c23d44918bbc1830fe4c6c004732a3f6c2ea8f58e548fbf4f9f9b9e9d5f674bea47c7e0eec0740d8aa5e9ddb223eec4a38e9ee2de70eaae43891e', 'es', NULL, '1', 1772366400000, NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.signatures VALUES ('\x019ca9450a00a57d8fea570616f9aa21', 'sahara', '\x8f3833194981b7f6f8d1af726c642461625105da9fcdf4836d1f80195b2677fe', 6, '\x028531dc4970f5786664e5d7819a571e4d30f790829b214ab6a8592cba5d8b23bdf15f665e1def6c30182337a276e529cb05fa2da4419b4f10921c14fd7964a30449ed40f657839fa6ab5e1bdd701b9df4f9e3874dc94c8f9d0a15309be29dd15c', '\x028531dc49c8a8fdb8c2e3b5214c0b3e75654c2ad5cc27a66622dbdba9afe8274d5206f6fd867b654cb6e4386971d7c8089662b33998a64528349949f857b5c1716800bc7f3c0f319bf63264fce6467179b674a1b09ad074202e50defc2670d112', 'es', NULL, '1', 1772366400000, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL);
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
