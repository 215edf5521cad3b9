//! The fields of an uplink that every reader needs, as serde_json gives them.

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Chirpstack<'a> {
    #[serde(borrow)]
    device_info: DeviceInfo<'a>,
    time: &'a str,
    dev_addr: &'a str,
    f_cnt: u32,
    f_port: u8,
    confirmed: bool,
    data: &'a str,
    rx_info: Vec<RxInfo<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DeviceInfo<'a> {
    application_id: &'a str,
    dev_eui: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RxInfo<'a> {
    gateway_id: &'a str,
    rssi: i32,
    snr: f64,
    location: Place,
}

#[derive(Deserialize)]
struct Place {
    latitude: f64,
    longitude: f64,
}

#[derive(Deserialize)]
pub struct TheThingsStack<'a> {
    #[serde(borrow)]
    end_device_ids: EndDeviceIds<'a>,
    uplink_message: UplinkMessage<'a>,
    received_at: &'a str,
}

#[derive(Deserialize)]
struct EndDeviceIds<'a> {
    device_id: &'a str,
    #[serde(borrow)]
    application_ids: ApplicationIds<'a>,
    dev_eui: &'a str,
    dev_addr: &'a str,
}

#[derive(Deserialize)]
struct ApplicationIds<'a> {
    application_id: &'a str,
}

#[derive(Deserialize)]
struct UplinkMessage<'a> {
    f_cnt: u32,
    f_port: u8,
    frm_payload: &'a str,
    #[serde(borrow)]
    rx_metadata: Vec<RxMetadata<'a>>,
    received_at: &'a str,
}

#[derive(Deserialize)]
struct RxMetadata<'a> {
    #[serde(borrow)]
    gateway_ids: GatewayIds<'a>,
    rssi: i32,
    snr: f64,
    location: Place,
}

#[derive(Deserialize)]
struct GatewayIds<'a> {
    eui: &'a str,
}

#[derive(Deserialize)]
pub struct Actility<'a> {
    #[serde(borrow, rename = "DevEUI_uplink")]
    uplink: Uplink<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Uplink<'a> {
    time: &'a str,
    #[serde(rename = "DevEUI")]
    dev_eui: &'a str,
    dev_addr: &'a str,
    f_port: &'a str,
    f_cnt_up: &'a str,
    m_type: &'a str,
    #[serde(rename = "payload_hex")]
    payload: &'a str,
    #[serde(borrow)]
    lrrs: Lrrs<'a>,
    #[serde(rename = "LrrLAT")]
    latitude: &'a str,
    #[serde(rename = "LrrLON")]
    longitude: &'a str,
    #[serde(rename = "CustomerID")]
    customer: &'a str,
}

#[derive(Deserialize)]
struct Lrrs<'a> {
    #[serde(borrow, rename = "Lrr")]
    list: Vec<Lrr<'a>>,
}

#[derive(Deserialize)]
struct Lrr<'a> {
    #[serde(rename = "Lrrid")]
    id: &'a str,
    #[serde(rename = "LrrRSSI")]
    rssi: &'a str,
    #[serde(rename = "LrrSNR")]
    snr: &'a str,
}

#[derive(Deserialize)]
pub struct Loriot<'a> {
    cmd: &'a str,
    #[serde(rename = "EUI")]
    eui: &'a str,
    ts: u64,
    fcnt: u32,
    port: u8,
    data: &'a str,
    #[serde(borrow)]
    gws: Vec<Heard<'a>>,
}

#[derive(Deserialize)]
struct Heard<'a> {
    gweui: &'a str,
    rssi: i32,
    snr: f64,
    lat: f64,
    lon: f64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AwsIotCore<'a> {
    wireless_device_id: &'a str,
    payload_data: &'a str,
    #[serde(borrow)]
    wireless_metadata: Metadata<'a>,
}

#[derive(Deserialize)]
struct Metadata<'a> {
    #[serde(borrow, rename = "LoRaWAN")]
    lorawan: LoRaWan<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct LoRaWan<'a> {
    dev_addr: &'a str,
    dev_eui: &'a str,
    f_cnt: u32,
    f_port: u8,
    m_type: &'a str,
    timestamp: &'a str,
    #[serde(borrow)]
    gateways: Vec<GatewayOfAws<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GatewayOfAws<'a> {
    gateway_eui: &'a str,
    rssi: f64,
    snr: f64,
}
