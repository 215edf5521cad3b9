//! The HTTP API: routes, their document, and nothing that the modules below do not say better.

mod access;
mod alerts;
mod answers;
mod api_keys;
mod badges;
mod boxes;
mod codes;
mod commands;
mod contracts;
mod custody;
mod deed;
mod dispositions;
mod document;
mod downlinks;
mod endings;
mod entries;
mod epcis;
mod events;
mod evidence;
mod examples;
mod fan_out;
mod gateways;
mod guard;
mod hand_in_event;
mod hand_in_file;
mod hand_ins;
mod handover;
mod handovers;
mod history;
mod intake;
mod integrations;
mod labels;
mod lanes;
mod load;
mod login;
mod meant;
mod numbers;
mod on_call;
mod once;
mod organisations;
mod page;
mod parent_custody;
mod parents;
mod photos;
mod places;
mod plans;
mod pool;
mod problem;
mod products;
mod profiles;
mod recalls;
mod rides;
mod runbooks;
mod series;
mod shipments;
mod sign;
mod signer;
mod status;
mod text;
mod token;
mod tracker_log;
mod tracker_report;
mod tracker_senses;
mod tracker_settings;
mod trackers;
mod trainings;
mod unattended;
mod users;
mod validity;
mod whereabouts;

use actix_web::error::{InternalError, JsonPayloadError, PathError, QueryPayloadError};
use actix_web::http::StatusCode;
use actix_web::middleware::from_fn;
use actix_web::{HttpRequest, web};
use utoipa::openapi::security::{
    ClientCredentials, Flow, HttpAuthScheme, HttpBuilder, OAuth2, Scopes, SecurityScheme,
};
use utoipa::{Modify, OpenApi};
use utoipa_swagger_ui::SwaggerUi;

use answers::CommonAnswers;
pub use document::document;
use examples::Examples;
pub use guard::caller_address;
pub use problem::problem;

use crate::Service;

/// The largest body that a request to the API may have, in bytes.
const MAX_BODY: usize = 256 * 1024;

/// What the modules say of their routes and shapes; [`document()`] completes it.
#[derive(OpenApi)]
#[openapi(
    info(title = "Isotherm", description = "Cold-chain custody for medicines over LoRaWAN"),
    servers((url = "/api/v1")),
    paths(
        login::log_in, token::make_token, login::show_me, status::show_status, events::stream_events,
        shipments::list_shipments, shipments::add_shipment, shipments::show_shipment, boxes::pack_boxes,
        numbers::number_boxes, numbers::number_parent, labels::print_labels, labels::print_parent_label,
        parents::list_parents, parents::add_parent, parents::show_parent, parents::fill_parent, parents::empty_parent,
        recalls::list_recalls, recalls::add_recall, recalls::show_recall, rides::bind_tracker,
        rides::unbind_tracker, dispositions::decide_disposition, dispositions::list_dispositions,
        endings::cancel_shipment, endings::return_shipment, pool::note_returned, pool::note_lost,
        custody::show_custody, custody::list_keys, evidence::export_evidence, epcis::export_epcis,
        handover::pack_boxes,
        handover::offer_custody, handover::accept_custody, handover::refuse_custody, handover::withdraw_offer,
        handover::seal_boxes, handover::correct_custody, handovers::list_handovers, photos::add_photo, photos::show_photo, codes::make_code,
        sign::show_linked_offer, sign::accept_by_link, sign::refuse_by_link, parent_custody::offer_parent,
        parent_custody::accept_parent, parent_custody::refuse_parent, hand_ins::hand_in, hand_ins::list_hand_ins,
        series::list_readings, series::show_assessment, history::list_past_assessments, alerts::list_shipment_alerts,
        alerts::list_alerts, alerts::acknowledge_alert, history::show_alert_history, on_call::list_attempts,
        on_call::show_on_call, on_call::replace_on_call, runbooks::list_runbooks, runbooks::set_runbook,
        runbooks::reset_runbook,
        trackers::list_trackers, tracker_settings::add_tracker, tracker_settings::change_tracker, trackers::show_tracker, trackers::list_uplinks,
        trackers::list_set_aside, downlinks::list_downlinks, commands::tell_tracker, tracker_log::list_log, tracker_senses::list_sensings, gateways::list_gateways, gateways::change_gateway, profiles::list_profiles, profiles::add_profile, profiles::show_profile,
        profiles::approve_profile, organisations::list_organisations, organisations::add_organisation,
        organisations::show_organisation, organisations::change_organisation, products::list_products,
        products::set_products, users::list_users, users::add_user,
        users::disable_user, api_keys::list_api_keys, api_keys::add_api_key, api_keys::revoke_api_key,
        contracts::list_contracts, contracts::add_contract, contracts::end_contract,
        badges::list_badges, badges::add_badge, badges::revoke_badge, trainings::list_user_trainings,
        trainings::add_user_training, trainings::list_badge_trainings, trainings::add_badge_training,
        trainings::revoke_training, intake::list_unreadable_bodies, intake::list_dead_letters, intake::replay_dead_letters,
        integrations::list_networks, integrations::list_integrations, integrations::add_integration,
        integrations::change_integration, integrations::rotate_credential, integrations::retire_credential,
        integrations::disable_integration, integrations::enable_integration,
        places::list_places, places::add_place, places::show_place, places::change_place, lanes::list_lanes,
        lanes::add_lane, lanes::change_lane, plans::set_legs, plans::show_plan, whereabouts::list_positions,
        whereabouts::show_whereabouts,
    ),
    components(schemas(trackers::Unknown)),
    security(("bearer" = []), ("api_key" = []), ("client_credentials" = [])),
    modifiers(&Credentials, &CommonAnswers, &Examples)
)]
struct Document;

/// What a request can bear: a log-in's token, a key, or the token that a key was exchanged for.
struct Credentials;

impl Modify for Credentials {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        let key = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("ist_…").build();
        components.add_security_scheme("api_key", SecurityScheme::Http(key));
        let exchanged = ClientCredentials::new("/api/v1/token", Scopes::new());
        let exchanged = OAuth2::new([Flow::ClientCredentials(exchanged)]);
        components.add_security_scheme("client_credentials", SecurityScheme::OAuth2(exchanged));
    }
}

/// Mounts the API, its document, and the service's health.
pub fn configure(service: web::Data<Service>) -> impl FnOnce(&mut web::ServiceConfig) {
    move |app| {
        app.app_data(service)
            .service(
                web::scope("/api/v1")
                    .wrap(from_fn(guard::guard))
                    .wrap(tracing_actix_web::TracingLogger::default())
                    .app_data(web::JsonConfig::default().limit(MAX_BODY).error_handler(refuse_json))
                    .app_data(web::QueryConfig::default().error_handler(refuse_query))
                    .app_data(web::PathConfig::default().error_handler(refuse_path))
                    .route("/openapi.json", web::get().to(|| async { web::Json(document()) }))
                    .service(login::log_in)
                    .service(token::make_token)
                    .service(login::show_me)
                    .service(status::show_status)
                    .service(status::list_ingester_integrations)
                    .service(events::stream_events)
                    .service(shipments::list_shipments)
                    .service(shipments::add_shipment)
                    .service(shipments::show_shipment)
                    .service(boxes::pack_boxes)
                    .service(numbers::number_boxes)
                    .service(numbers::number_parent)
                    .service(labels::print_labels)
                    .service(labels::print_parent_label)
                    .service(parents::list_parents)
                    .service(parents::add_parent)
                    .service(parents::show_parent)
                    .service(parents::fill_parent)
                    .service(parents::empty_parent)
                    .service(recalls::list_recalls)
                    .service(recalls::add_recall)
                    .service(recalls::show_recall)
                    .service(rides::bind_tracker)
                    .service(rides::unbind_tracker)
                    .service(dispositions::decide_disposition)
                    .service(dispositions::list_dispositions)
                    .service(endings::cancel_shipment)
                    .service(endings::return_shipment)
                    .service(pool::note_returned)
                    .service(pool::note_lost)
                    .service(custody::show_custody)
                    .service(custody::list_keys)
                    .service(evidence::export_evidence)
                    .service(epcis::export_epcis)
                    .service(handover::pack_boxes)
                    .service(handover::offer_custody)
                    .service(handover::accept_custody)
                    .service(handover::refuse_custody)
                    .service(handover::withdraw_offer)
                    .service(handover::seal_boxes)
                    .service(handover::correct_custody)
                    .service(handovers::list_handovers)
                    .service(photos::add_photo)
                    .service(photos::show_photo)
                    .service(codes::make_code)
                    .service(parent_custody::offer_parent)
                    .service(parent_custody::accept_parent)
                    .service(parent_custody::refuse_parent)
                    .service(sign::show_linked_offer)
                    .service(sign::accept_by_link)
                    .service(sign::refuse_by_link)
                    .service(hand_ins::hand_in)
                    .service(hand_ins::list_hand_ins)
                    .service(series::list_readings)
                    .service(series::show_assessment)
                    .service(history::list_past_assessments)
                    .service(alerts::list_shipment_alerts)
                    .service(alerts::list_alerts)
                    .service(alerts::acknowledge_alert)
                    .service(history::show_alert_history)
                    .service(on_call::list_attempts)
                    .service(on_call::show_on_call)
                    .service(on_call::replace_on_call)
                    .service(runbooks::list_runbooks)
                    .service(runbooks::set_runbook)
                    .service(runbooks::reset_runbook)
                    .service(trackers::list_trackers)
                    .service(tracker_settings::add_tracker)
                    .service(tracker_settings::change_tracker)
                    .service(trackers::list_uplinks)
                    .service(trackers::list_set_aside)
                    .service(downlinks::list_downlinks)
                    .service(commands::tell_tracker)
                    .service(tracker_log::list_log)
                    .service(tracker_senses::list_sensings)
                    .service(trackers::show_tracker)
                    .service(gateways::list_gateways)
                    .service(gateways::change_gateway)
                    .service(profiles::list_profiles)
                    .service(profiles::add_profile)
                    .service(profiles::show_profile)
                    .service(profiles::approve_profile)
                    .service(organisations::list_organisations)
                    .service(organisations::add_organisation)
                    .service(organisations::show_organisation)
                    .service(organisations::change_organisation)
                    .service(products::list_products)
                    .service(products::set_products)
                    .service(users::list_users)
                    .service(users::add_user)
                    .service(users::disable_user)
                    .service(api_keys::list_api_keys)
                    .service(api_keys::add_api_key)
                    .service(api_keys::revoke_api_key)
                    .service(contracts::list_contracts)
                    .service(contracts::add_contract)
                    .service(contracts::end_contract)
                    .service(badges::list_badges)
                    .service(badges::add_badge)
                    .service(badges::revoke_badge)
                    .service(trainings::list_user_trainings)
                    .service(trainings::add_user_training)
                    .service(trainings::list_badge_trainings)
                    .service(trainings::add_badge_training)
                    .service(trainings::revoke_training)
                    .service(intake::list_unreadable_bodies)
                    .service(intake::list_dead_letters)
                    .service(intake::replay_dead_letters)
                    .service(integrations::list_networks)
                    .service(integrations::list_integrations)
                    .service(integrations::add_integration)
                    .service(integrations::change_integration)
                    .service(integrations::rotate_credential)
                    .service(integrations::retire_credential)
                    .service(integrations::disable_integration)
                    .service(integrations::enable_integration)
                    .service(places::list_places)
                    .service(places::add_place)
                    .service(places::show_place)
                    .service(places::change_place)
                    .service(lanes::list_lanes)
                    .service(lanes::add_lane)
                    .service(lanes::change_lane)
                    .service(plans::set_legs)
                    .service(plans::show_plan)
                    .service(whereabouts::list_positions)
                    .service(whereabouts::show_whereabouts)
                    .default_service(web::to(|| async {
                        problem(
                            StatusCode::NOT_FOUND,
                            "there is no such address; see /api/v1/openapi.json".into(),
                        )
                    })),
            )
            .service(
                SwaggerUi::new("/docs/{_:.*}")
                    .config(utoipa_swagger_ui::Config::from("/api/v1/openapi.json")),
            );
    }
}

/// Mounts `/healthz`, `/readyz` and `/metrics` of a tracking service that runs by itself.
pub fn configure_health(app: &mut web::ServiceConfig) {
    app.service(status::show_health).service(status::show_readiness).service(status::show_metrics);
}

fn refuse_json(error: JsonPayloadError, _: &HttpRequest) -> actix_web::Error {
    let status = match error {
        JsonPayloadError::OverflowKnownLength { .. } | JsonPayloadError::Overflow { .. } => {
            StatusCode::PAYLOAD_TOO_LARGE
        }
        JsonPayloadError::ContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        JsonPayloadError::Deserialize(ref fault) if fault.is_data() => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::BAD_REQUEST,
    };
    let detail = match &error {
        JsonPayloadError::Deserialize(fault) => format!("the body: {fault}"),
        other => format!("the body: {other}"),
    };
    InternalError::from_response(error, problem(status, detail)).into()
}

fn refuse_query(error: QueryPayloadError, _: &HttpRequest) -> actix_web::Error {
    let detail = format!("the query: {error}");
    InternalError::from_response(error, problem(StatusCode::BAD_REQUEST, detail)).into()
}

fn refuse_path(error: PathError, _: &HttpRequest) -> actix_web::Error {
    let detail = format!("the address: {error}");
    InternalError::from_response(error, problem(StatusCode::NOT_FOUND, detail)).into()
}
