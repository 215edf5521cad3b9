//! The Things Stack v3's queue of downlinks, by its webhooks' address.
//!
//! <https://www.thethingsindustries.com/docs/integrations/webhooks/scheduling-downlinks/>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::Frame;

/// A device as The Things Stack names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device<'a> {
    pub application: &'a str,
    pub device: &'a str,
}

/// The path below the server's address that adds to a device's queue; `None` where one of its parts is no id.
pub fn push_path(device: Device<'_>, webhook: &str) -> Option<String> {
    let Device { application, device } = device;
    let are_ids = [application, device, webhook].iter().all(|id| is_id(id));
    are_ids.then(|| {
        format!("/api/v3/as/applications/{application}/webhooks/{webhook}/devices/{device}/down/push")
    })
}

/// An id of The Things Stack: nothing in it needs escaping.
fn is_id(id: &str) -> bool {
    (1..=36).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[derive(Debug, Serialize)]
pub struct Push {
    downlinks: [Downlink; 1],
}

#[derive(Debug, Serialize)]
struct Downlink {
    f_port: u8,
    frm_payload: String,
    /// Whether the device is to say that it came.
    confirmed: bool,
    priority: &'static str,
    correlation_ids: [String; 1],
    confirmed_retry: ConfirmedRetry,
}

/// The service decides what is said next, so the network server repeats nothing.
#[derive(Debug, Serialize)]
struct ConfirmedRetry {
    max_attempts: u32,
}

/// A downlink that the device is to acknowledge. Events about it name it by `name`, at most 100 characters, among others.
pub fn push(frame: &Frame, name: &str) -> Push {
    Push {
        downlinks: [Downlink {
            f_port: frame.f_port,
            frm_payload: STANDARD.encode(&frame.payload),
            confirmed: true,
            priority: "NORMAL",
            correlation_ids: [name.to_owned()],
            confirmed_retry: ConfirmedRetry { max_attempts: 1 },
        }],
    }
}
