//! Network servers as far as they take downlinks.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use networks::downlink::chirpstack::{ENQUEUE, EnqueueRequest, EnqueueResponse};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tonic::body::Body;
use tonic::codegen::{BoxFuture, Service, http};
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;

/// A ChirpStack that takes whatever it is given, by gRPC.
#[derive(Clone, Default)]
pub struct ChirpStack {
    /// Each with its authorization.
    taken: Arc<Mutex<Vec<(String, EnqueueRequest)>>>,
}

impl ChirpStack {
    /// Serves until the test ends; returns its address.
    pub async fn start() -> (Self, String) {
        let this = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = Server::builder().add_service(this.clone());
        tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
        (this, url)
    }

    pub fn taken(&self) -> Vec<(String, EnqueueRequest)> {
        self.taken.lock().unwrap().clone()
    }

    /// The id of what was taken as the `place`th, from 0.
    pub fn id(place: usize) -> String {
        format!("00000000-0000-4000-8000-{place:012}")
    }
}

impl NamedService for ChirpStack {
    const NAME: &'static str = "api.DeviceService";
}

impl Service<http::Request<Body>> for ChirpStack {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let this = self.clone();
        Box::pin(async move {
            assert_eq!(request.uri().path(), ENQUEUE);
            let codec = ProstCodec::<EnqueueResponse, EnqueueRequest>::default();
            Ok(Grpc::new(codec).unary(Enqueue(this), request).await)
        })
    }
}

struct Enqueue(ChirpStack);

impl UnaryService<EnqueueRequest> for Enqueue {
    type Response = EnqueueResponse;
    type Future = BoxFuture<Response<EnqueueResponse>, Status>;

    fn call(&mut self, request: Request<EnqueueRequest>) -> Self::Future {
        let authorization = request.metadata().get("authorization").unwrap().to_str().unwrap().to_owned();
        let mut taken = self.0.taken.lock().unwrap();
        taken.push((authorization, request.into_inner()));
        let id = ChirpStack::id(taken.len() - 1);
        Box::pin(async move { Ok(Response::new(EnqueueResponse { id })) })
    }
}

/// The Things Stack as far as it takes downlinks, by HTTP.
#[derive(Clone, Default)]
pub struct TheThingsStack {
    /// Each by its path, with its authorization.
    taken: Arc<Mutex<Vec<(String, String, Value)>>>,
}

impl TheThingsStack {
    /// Serves until the test ends; returns its address.
    pub async fn start() -> (Self, String) {
        let this = Self::default();
        let served = this.clone();
        let app = move || App::new().app_data(web::Data::new(served.clone())).default_service(web::to(push));
        let server = HttpServer::new(app).workers(1).disable_signals().bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}", server.addrs()[0]);
        tokio::spawn(server.run());
        (this, url)
    }

    pub fn taken(&self) -> Vec<(String, String, Value)> {
        self.taken.lock().unwrap().clone()
    }
}

async fn push(
    stack: web::Data<TheThingsStack>,
    request: HttpRequest,
    body: web::Json<Value>,
) -> HttpResponse {
    let authorization = request.headers().get("authorization").unwrap().to_str().unwrap().to_owned();
    stack.taken.lock().unwrap().push((request.path().to_owned(), authorization, body.into_inner()));
    HttpResponse::Ok().json(json!({}))
}
