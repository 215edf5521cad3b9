//! The tables that the query builder names. Batches and joins are SQL texts beside their functions.

diesel::table! {
    organisations (id) {
        id -> Integer, host_id -> Nullable<Integer>, kind -> Text, name -> Text, gln -> Nullable<Text>,
        created_at -> Timestamptz, company_prefix -> Nullable<Text>, extension_digit -> Nullable<Integer>,
    }
}
diesel::table! {
    users (id) {
        id -> Uuid, organisation_id -> Integer, email -> Text, name -> Text, role -> Text, password_hash -> Text,
        created_at -> Timestamptz, disabled_at -> Nullable<Timestamptz>,
    }
}
diesel::table! {
    supplier_products (organisation_id, gtin) {
        organisation_id -> Integer, gtin -> Text, supplier_id -> Integer, name -> Nullable<Text>,
    }
}
diesel::table! {
    api_keys (user_id) {
        user_id -> Uuid,
    }
}
diesel::table! {
    integrations (id) {
        id -> Text, organisation_id -> Integer, network -> Text, token_sha256 -> Binary, on_broker_away -> Text,
        created_at -> Timestamptz, disabled_at -> Nullable<Timestamptz>,
        older_token_sha256 -> Nullable<Binary>, shared_key -> Nullable<Text>, older_shared_key -> Nullable<Text>,
        allowed_addresses -> Array<Text>, confirm_url -> Nullable<Text>, confirm_asked_at -> Nullable<Timestamptz>,
    }
}
diesel::table! {
    profiles (id) {
        id -> Uuid, organisation_id -> Integer, name -> Text, version -> Integer, definition -> Jsonb,
        created_at -> Timestamptz,
    }
}
diesel::table! {
    profile_approvals (profile_id) {
        profile_id -> Uuid, organisation_id -> Integer, approved_by -> Uuid, printed_name -> Text, meaning -> Text,
        approved_at -> Timestamptz,
    }
}
diesel::table! {
    trackers (id) {
        id -> Integer, organisation_id -> Integer, dev_eui -> BigInt, name -> Text, codec -> Text,
        interval_s -> Integer, mapping -> Nullable<Jsonb>, created_at -> Timestamptz,
    }
}
diesel::table! {
    shipments (id) {
        id -> Uuid, organisation_id -> Integer, reference -> Text, profile_id -> Uuid, status -> Text,
        hold -> Nullable<Text>, origin -> Nullable<Text>, destination -> Nullable<Text>,
        created_at -> Timestamptz, created_by -> Nullable<Uuid>, days_to_return -> Nullable<Integer>,
    }
}
diesel::table! {
    assignments (id) {
        id -> Uuid, organisation_id -> Integer, shipment_id -> Uuid, tracker_id -> Integer,
        box_number -> Nullable<Integer>, from_at -> Timestamptz, until_at -> Nullable<Timestamptz>, created_at -> Timestamptz,
    }
}
diesel::table! {
    assignment_states (assignment_id) {
        assignment_id -> Uuid, organisation_id -> Integer, evaluation -> Binary,
        verdict -> Nullable<Text>, next_due_at -> Nullable<Timestamptz>, known_at -> Nullable<Timestamptz>,
    }
}
diesel::table! {
    idempotency_keys (user_id, key) {
        organisation_id -> Integer, user_id -> Uuid, key -> Text, request_sha256 -> Binary, status -> Integer,
        answer -> Jsonb, created_at -> Timestamptz,
    }
}
diesel::table! {
    contracts (id) {
        id -> Uuid, organisation_id -> Integer, partner_id -> Integer, title -> Text, reference -> Nullable<Text>,
        from_at -> Timestamptz, until_at -> Nullable<Timestamptz>, ended_at -> Nullable<Timestamptz>,
        ended_reason -> Nullable<Text>, created_at -> Timestamptz,
    }
}
diesel::table! {
    badges (id) {
        id -> Uuid, organisation_id -> Integer, holder_organisation_id -> Integer, holder -> Text,
        number_hmac -> Binary, from_at -> Timestamptz, until_at -> Nullable<Timestamptz>,
        ended_at -> Nullable<Timestamptz>, ended_reason -> Nullable<Text>, created_at -> Timestamptz,
    }
}
diesel::table! {
    trainings (id) {
        id -> Uuid, organisation_id -> Integer, user_id -> Nullable<Uuid>, badge_id -> Nullable<Uuid>, topic -> Text,
        from_at -> Timestamptz, until_at -> Nullable<Timestamptz>, ended_at -> Nullable<Timestamptz>,
        ended_reason -> Nullable<Text>, created_at -> Timestamptz,
    }
}
diesel::table! {
    acceptance_codes (id) {
        id -> Uuid, organisation_id -> Integer, shipment_id -> Uuid, offer_id -> Uuid, purpose -> Text,
        secret_hmac -> Binary, receiver_id -> Integer, receiver_name -> Nullable<Text>, created_at -> Timestamptz,
        expires_at -> Timestamptz, attempts -> Integer, used_at -> Nullable<Timestamptz>,
    }
}
diesel::table! {
    custody_records (shipment_id, sequence) {
        shipment_id -> Uuid, sequence -> Integer, organisation_id -> Integer, entry_id -> Uuid, entry -> Text,
        record -> Text, signature -> Binary, key_id -> Text,
    }
}
diesel::table! {
    ledger_keys (id) {
        id -> Text, public_key -> Binary, first_used_at -> Timestamptz,
    }
}

diesel::joinable!(users -> organisations (organisation_id));
diesel::joinable!(assignments -> trackers (tracker_id));
diesel::joinable!(assignments -> shipments (shipment_id));
diesel::allow_tables_to_appear_in_same_query!(
    users,
    organisations,
    contracts,
    trainings,
    badges,
    supplier_products,
    api_keys
);
diesel::allow_tables_to_appear_in_same_query!(assignments, trackers, shipments, assignment_states);
