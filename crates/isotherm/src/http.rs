//! The server: which parts of the program answer on its address, and how connections are kept.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::http::header::{HeaderName, STRICT_TRANSPORT_SECURITY};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::{Condition, DefaultHeaders};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use ingest::{Ingester, Readiness};
use rustls::ServerConfig;
use tracking::Service;

/// How long an idle connection is kept. Network servers pool theirs: one that we close while they send is a webhook
/// that vanishes.
const KEEP_ALIVE: Duration = Duration::from_secs(130);

/// How long requests under way may take when the program is to stop, in seconds.
const DRAIN_S: u64 = 10;

/// Browsers that came by TLS once come by TLS only, for a year.
const HSTS: (HeaderName, &str) = (STRICT_TRANSPORT_SECURITY, "max-age=31536000");

/// A server for whichever parts are given, by TLS where there is a configuration for it. What comes in `inside` is plain
/// HTTP in any case.
pub fn serve(
    listener: TcpListener,
    tls: Option<ServerConfig>,
    inside: Option<TcpListener>,
    ingester: Option<web::Data<Ingester>>,
    service: Option<web::Data<Service>>,
) -> std::io::Result<(Server, SocketAddr)> {
    let address = listener.local_addr()?;
    let by_tls = tls.is_some();
    let mut server = HttpServer::new(move || {
        let (ingester, service) = (ingester.clone(), service.clone());
        App::new()
            .wrap(Condition::new(by_tls, DefaultHeaders::new().add(HSTS)))
            .configure(move |app| mount(app, ingester, service))
    })
    .workers(std::thread::available_parallelism().map_or(2, usize::from))
    .keep_alive(KEEP_ALIVE)
    .shutdown_timeout(DRAIN_S)
    // The program listens for signals itself, since more than the server has to stop.
    .disable_signals();
    if let Some(inside) = inside {
        server = server.listen(inside)?;
    }
    let server = match tls {
        Some(tls) => server.listen_rustls_0_23(listener, tls)?,
        None => server.listen(listener)?,
    };
    Ok((server.run(), address))
}

fn mount(
    app: &mut web::ServiceConfig,
    ingester: Option<web::Data<Ingester>>,
    service: Option<web::Data<Service>>,
) {
    match (&ingester, &service) {
        (Some(_), Some(_)) => {
            app.route("/healthz", web::get().to(HttpResponse::Ok))
                .route("/readyz", web::get().to(show_readiness))
                .route("/metrics", web::get().to(show_metrics));
        }
        (Some(_), None) => ingest::configure_health(app),
        (None, Some(_)) => tracking::api::configure_health(app),
        (None, None) => {}
    }
    if let Some(ingester) = ingester {
        app.configure(ingest::configure(ingester));
    }
    if let Some(service) = service {
        app.configure(tracking::api::configure(service))
            .route("/docs", web::get().to(|| async { web::Redirect::to("/docs/").permanent() }))
            .default_service(web::to(show_page));
    }
}

/// Ready as long as webhooks can be taken: whoever sends nobody here while the database is away loses what the spool
/// would have kept.
async fn show_readiness(ingester: web::Data<Ingester>, service: web::Data<Service>) -> HttpResponse {
    let ingest = Readiness::of(&ingester);
    let ready = ingest.ready;
    let body = serde_json::json!({
        "database": if is_answering(&service).await { "ok" } else { "away" },
        "queue": service.queue_problem().unwrap_or_else(|| "ok".to_owned()),
        "caught_up": service.is_caught_up(),
        "ingest": ingest,
    });
    if ready { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() }.json(body)
}

/// Asked briefly: whoever asks whether we are ready does not wait for long.
async fn is_answering(service: &Service) -> bool {
    let asked = tokio::time::timeout(Duration::from_secs(1), service.check_database()).await;
    asked.is_ok_and(|answer| answer.is_ok())
}

async fn show_metrics(ingester: web::Data<Ingester>, service: web::Data<Service>) -> HttpResponse {
    let (Some(ingest), Some(tracking)) = (ingester.metrics_text(), service.metrics_text()) else {
        return HttpResponse::InternalServerError().finish();
    };
    HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(ingest + &tracking)
}

/// A file of the page.
async fn show_page(request: HttpRequest) -> HttpResponse {
    // A webhook that goes to a wrong address must not take the page for its receipt.
    if request.method() != Method::GET && request.method() != Method::HEAD {
        let detail = format!("there is nothing to {} here", request.method());
        return tracking::api::problem(StatusCode::NOT_FOUND, detail);
    }
    let Some(file) = web_page::file(request.path()) else {
        let detail = if web_page::is_built() {
            "there is no such address".to_owned()
        } else {
            "this program was built without its page: run `cargo xtask build`".to_owned()
        };
        return tracking::api::problem(StatusCode::NOT_FOUND, detail);
    };
    let known = request.headers().get("If-None-Match").and_then(|value| value.to_str().ok());
    let mut response =
        if known == Some(file.etag.as_str()) { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header(("ETag", file.etag.as_str()))
        .insert_header(("Cache-Control", file.cache_control()))
        .insert_header(("Content-Security-Policy", web_page::CONTENT_SECURITY_POLICY))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .insert_header(("Referrer-Policy", "no-referrer"))
        .content_type(file.content_type);
    if known == Some(file.etag.as_str()) { response.finish() } else { response.body(file.bytes.into_owned()) }
}
