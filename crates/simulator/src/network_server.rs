//! The network server's API, as far as applications queue downlinks: ChirpStack's `DeviceService.Enqueue`.

use std::convert::Infallible;
use std::task::{Context, Poll};

use chrono::DateTime;
use domain::DevEui;
use networks::downlink::chirpstack::{ENQUEUE, EnqueueRequest, EnqueueResponse, QueueItem};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tonic::body::Body;
use tonic::codegen::{BoxFuture, Service, http};
use tonic::metadata::MetadataMap;
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;
use uuid::Uuid;

use crate::downlinks::Queued;

/// Requests that wait for the fleet.
const WAITING: usize = 64;

/// Where applications queue downlinks.
pub struct NetworkServer {
    pub listener: TcpListener,
    /// The API key that it wants to see.
    pub key: String,
}

/// A downlink for one of the fleet.
pub(crate) struct Enqueue {
    pub dev_eui: DevEui,
    pub queued: Queued,
    /// Whether there is such a device.
    pub taken: oneshot::Sender<bool>,
}

impl NetworkServer {
    /// Serves until the task is aborted.
    pub(crate) fn serve(self) -> (mpsc::Receiver<Enqueue>, tokio::task::JoinHandle<()>) {
        let (requests, received) = mpsc::channel(WAITING);
        let service = DeviceService { key: self.key, requests };
        let server = Server::builder().add_service(service);
        let task = tokio::spawn(async move {
            if let Err(error) = server.serve_with_incoming(TcpIncoming::from(self.listener)).await {
                tracing::error!(%error, "the network server ended");
            }
        });
        (received, task)
    }
}

#[derive(Clone)]
struct DeviceService {
    key: String,
    requests: mpsc::Sender<Enqueue>,
}

impl DeviceService {
    async fn enqueue(self, request: Request<EnqueueRequest>) -> Result<Response<EnqueueResponse>, Status> {
        self.check(request.metadata())?;
        let item =
            request.into_inner().queue_item.ok_or(Status::invalid_argument("queue_item is missing"))?;
        let (dev_eui, queued) = read(item)?;
        let (id, (taken, is_taken)) = (queued.id.clone(), oneshot::channel());
        let stopping = |_| Status::unavailable("the network server is stopping");
        self.requests.send(Enqueue { dev_eui, queued, taken }).await.map_err(|_| stopping(()))?;
        match is_taken.await.map_err(|_| stopping(()))? {
            true => Ok(Response::new(EnqueueResponse { id })),
            false => Err(Status::not_found(format!("there is no device {dev_eui}"))),
        }
    }

    fn check(&self, metadata: &MetadataMap) -> Result<(), Status> {
        let given = metadata.get("authorization").and_then(|value| value.to_str().ok());
        let is_known = given.and_then(|value| value.strip_prefix("Bearer ")) == Some(&self.key);
        is_known.then_some(()).ok_or(Status::unauthenticated("the API key is not this network server's"))
    }
}

fn read(item: QueueItem) -> Result<(DevEui, Queued), Status> {
    let dev_eui = item.dev_eui.parse().map_err(|_| Status::invalid_argument("dev_eui: 16 hex digits"))?;
    let port = u8::try_from(item.f_port).ok().filter(|port| (1..=223).contains(port));
    let port = port.ok_or(Status::invalid_argument("f_port: 1 to 223"))?;
    let expires_at = item.expires_at.map(|at| {
        let nanos = u32::try_from(at.nanos).ok();
        nanos.and_then(|nanos| DateTime::from_timestamp(at.seconds, nanos))
    });
    if expires_at == Some(None) {
        return Err(Status::invalid_argument("expires_at: a time"));
    }
    let queued = Queued {
        id: Uuid::new_v4().to_string(),
        port,
        payload: item.data,
        confirmed: item.confirmed,
        expires_at: expires_at.flatten(),
    };
    Ok((dev_eui, queued))
}

impl NamedService for DeviceService {
    const NAME: &'static str = "api.DeviceService";
}

impl Service<http::Request<Body>> for DeviceService {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let this = self.clone();
        Box::pin(async move {
            if request.uri().path() != ENQUEUE {
                return Ok(Status::unimplemented("downlinks are queued here, and nothing else").into_http());
            }
            let codec = ProstCodec::<EnqueueResponse, EnqueueRequest>::default();
            Ok(Grpc::new(codec).unary(Method(this), request).await)
        })
    }
}

struct Method(DeviceService);

impl UnaryService<EnqueueRequest> for Method {
    type Response = EnqueueResponse;
    type Future = BoxFuture<Response<EnqueueResponse>, Status>;

    fn call(&mut self, request: Request<EnqueueRequest>) -> Self::Future {
        Box::pin(self.0.clone().enqueue(request))
    }
}

#[cfg(test)]
mod tests {
    use networks::downlink::Frame;
    use networks::downlink::chirpstack::enqueue;
    use tonic::Code;
    use tonic::codegen::http::uri::PathAndQuery;
    use tonic::transport::Endpoint;

    use super::*;
    use crate::device::dev_eui;

    fn expires_at() -> DateTime<chrono::Utc> {
        DateTime::from_timestamp(1_772_000_000, 0).unwrap()
    }

    /// A request as the service makes it.
    fn request(to: DevEui, f_port: u8) -> EnqueueRequest {
        enqueue(to, Frame { f_port, payload: vec![1, 2] }, expires_at())
    }

    /// Asks a network server that has one device.
    async fn ask(key: &str, path: &'static str, message: EnqueueRequest) -> Result<(String, Queued), Code> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (mut requests, server) = NetworkServer { listener, key: "the key".to_owned() }.serve();
        let fleet = tokio::spawn(async move {
            let Enqueue { dev_eui: to, queued, taken } = requests.recv().await.unwrap();
            taken.send(to == dev_eui(1)).unwrap();
            queued
        });
        let channel = Endpoint::from_shared(url).unwrap().connect().await.unwrap();
        let mut client = tonic::client::Grpc::new(channel);
        client.ready().await.unwrap();
        let mut request = Request::new(message);
        request.metadata_mut().insert("authorization", format!("Bearer {key}").parse().unwrap());
        let codec = ProstCodec::<EnqueueRequest, EnqueueResponse>::default();
        let answer = client.unary(request, PathAndQuery::from_static(path), codec).await;
        server.abort();
        let id = answer.map_err(|status| status.code())?.into_inner().id;
        Ok((id, fleet.await.unwrap()))
    }

    #[tokio::test]
    async fn what_the_service_asks_for_is_handed_to_the_fleet_whole() {
        let (id, queued) = ask("the key", ENQUEUE, request(dev_eui(1), 20)).await.unwrap();
        let (payload, expires_at) = (vec![1, 2], Some(expires_at()));
        assert_eq!(queued, Queued { id, port: 20, payload, confirmed: true, expires_at });
    }

    #[tokio::test]
    async fn what_cannot_be_queued_is_refused_with_its_code() {
        let mut nobody = request(dev_eui(1), 20);
        nobody.queue_item.as_mut().unwrap().dev_eui = "7".to_owned();
        let mut never = request(dev_eui(1), 20);
        never.queue_item.as_mut().unwrap().expires_at.as_mut().unwrap().seconds = i64::MAX;
        for (key, path, message, code) in [
            ("another key", ENQUEUE, request(dev_eui(1), 20), Code::Unauthenticated),
            ("the key", ENQUEUE, request(dev_eui(2), 20), Code::NotFound),
            ("the key", ENQUEUE, request(dev_eui(1), 0), Code::InvalidArgument),
            ("the key", ENQUEUE, request(dev_eui(1), 224), Code::InvalidArgument),
            ("the key", ENQUEUE, nobody, Code::InvalidArgument),
            ("the key", ENQUEUE, never, Code::InvalidArgument),
            ("the key", ENQUEUE, EnqueueRequest::default(), Code::InvalidArgument),
            ("the key", "/api.DeviceService/FlushQueue", request(dev_eui(1), 20), Code::Unimplemented),
        ] {
            assert_eq!(ask(key, path, message.clone()).await.unwrap_err(), code, "{path} {message:?}");
        }
    }
}
