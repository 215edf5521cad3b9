//! LoRaWAN, by `lorawan-device`. Another MAC would take its place behind these two functions.

use core::sync::atomic::{AtomicU32, Ordering};

use embassy_time::{Duration, Instant, TimeoutError, Timer, with_timeout};
use lora_phy::lorawan_radio::{self, LorawanRadio};
use lora_phy::mod_params::RadioError;
use lorawan_device::async_device::radio::{self, PhyRxTx, RxConfig, RxQuality, RxStatus, TxConfig};
use lorawan_device::async_device::{Device, JoinMode, JoinResponse, SendResponse, Timings};
use lorawan_device::default_crypto::DefaultFactory;
use lorawan_device::region::{self, DR};
use lorawan_device::{AppEui, AppKey, DevEui};
use rand_core::RngCore;
use tracker::{DataRate, Keys, Region, Send};

use crate::subghz::Radio;

/// What the amplifier and the battery allow, in dBm; a region allows less.
const MOST_DBM: u8 = 20;
/// Of the antenna with its feed, in dBi.
const GAIN_DBI: i8 = 2;

/// The longest uplink and the longest downlink at SF12 take less.
const LONGEST_SEND: Duration = Duration::from_secs(6);
const LONGEST_WINDOW: Duration = Duration::from_secs(6);

pub struct Mac {
    device: Device<Observed, DefaultFactory, Sleep, Random>,
    join: JoinMode,
    region: Region,
}

/// What came of an uplink.
pub struct Outcome {
    /// 0 where the radio did not send.
    pub airtime_ms: u64,
    /// Answers for the network wait for the next uplink.
    pub mac_pending: bool,
    /// Something was heard: port, and quarters of a dB above the noise. Its payload is [`Mac::payload`].
    pub heard: Option<(u8, i32)>,
    pub payload: heapless::Vec<u8, 256>,
}

impl Mac {
    pub fn new(radio: Radio, keys: &Keys) -> Self {
        let region = region::Configuration::new(match keys.region {
            Region::Eu868 => region::Region::EU868,
            Region::Us915 => region::Region::US915,
        });
        let observed = Observed { radio: radio.into(), sent: false, quality: None };
        let [.., s3, s2, s1, s0] = keys.dev_eui;
        let random = Random(u32::from_be_bytes([s3, s2, s1, s0]) | 1);
        // The stack writes identities as they are on the air, the last byte first.
        let reversed = |mut eui: [u8; 8]| {
            eui.reverse();
            eui
        };
        Self {
            device: Device::new(region, observed, Sleep(Instant::now()), random),
            join: JoinMode::OTAA {
                deveui: DevEui::from(reversed(keys.dev_eui)),
                appeui: AppEui::from(reversed(keys.join_eui)),
                appkey: AppKey::from(keys.app_key),
            },
            region: keys.region,
        }
    }

    /// Whether the network answered.
    pub async fn join(&mut self, dev_nonce: u16, rate: DataRate) -> bool {
        DEV_NONCE.store(dev_nonce.into(), Ordering::Relaxed);
        self.device.set_datarate(datarate(rate));
        matches!(self.device.join(&self.join).await, Ok(JoinResponse::JoinSuccess))
    }

    pub async fn send(&mut self, send: &Send) -> Outcome {
        self.device.set_datarate(datarate(send.rate));
        let observed = self.device.get_mut_radio();
        (observed.sent, observed.quality) = (false, None);
        let payload = send.payload.as_slice();
        let answer = self.device.send(payload, send.port, send.confirmed).await;
        let (sent, quality) = (self.device.get_radio().sent, self.device.get_radio().quality);
        let downlink = self.device.take_downlink();
        let is_heard = matches!(answer, Ok(SendResponse::DownlinkReceived(_)));
        let pending = self.device.get_session().map(|session| &session.uplink);
        let mac_pending = pending.is_some_and(|uplink| uplink.adr_ans > 0 || uplink.rx_delay_ans);
        let port = downlink.as_ref().map_or(0, |downlink| downlink.fport);
        Outcome {
            airtime_ms: if sent { self.region.time_on_air_ms(send.rate, payload.len()) } else { 0 },
            mac_pending,
            heard: is_heard.then(|| (port, quality.map_or(0, |quality| i32::from(quality.snr()) * 4))),
            payload: downlink.map(|downlink| downlink.data).unwrap_or_default(),
        }
    }
}

fn datarate(rate: DataRate) -> DR {
    match rate.0 {
        0 => DR::_0,
        1 => DR::_1,
        2 => DR::_2,
        3 => DR::_3,
        4 => DR::_4,
        _ => DR::_5,
    }
}

/// Beyond any nonce: none is waiting.
const NO_NONCE: u32 = u32::MAX;
static DEV_NONCE: AtomicU32 = AtomicU32::new(NO_NONCE);

/// The stack draws its nonces and its channels by chance. Networks of LoRaWAN 1.0.4 take only nonces that grow: what it draws
/// first when it joins is the one that the tracker has saved.
struct Random(u32);

impl RngCore for Random {
    fn next_u32(&mut self) -> u32 {
        match DEV_NONCE.swap(NO_NONCE, Ordering::Relaxed) {
            NO_NONCE => {
                self.0 ^= self.0 << 13;
                self.0 ^= self.0 >> 17;
                self.0 ^= self.0 << 5;
                self.0
            }
            // The stack takes it for one that is written the other way round.
            nonce => u32::from((nonce as u16).swap_bytes()),
        }
    }

    fn next_u64(&mut self) -> u64 {
        rand_core::impls::next_u64_via_u32(self)
    }

    fn fill_bytes(&mut self, dest: &mut [u8]) {
        rand_core::impls::fill_bytes_via_next(self, dest);
    }

    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(dest);
        Ok(())
    }
}

/// Time between an uplink and what is heard after it.
struct Sleep(Instant);

impl radio::Timer for Sleep {
    fn reset(&mut self) {
        self.0 = Instant::now();
    }

    async fn at(&mut self, millis: u64) {
        Timer::at(self.0 + Duration::from_millis(millis)).await;
    }

    async fn delay_ms(&mut self, millis: u64) {
        Timer::after_millis(millis).await;
    }
}

type Lorawan = LorawanRadio<
    lora_phy::sx126x::Sx126x<crate::subghz::Bus, crate::subghz::Board, lora_phy::sx126x::Stm32wl>,
    embassy_time::Delay,
    MOST_DBM,
    GAIN_DBI,
>;

/// The radio, and what the stack does not tell of it: whether it sent, and how well it heard.
struct Observed {
    radio: Lorawan,
    sent: bool,
    quality: Option<RxQuality>,
}

impl Timings for Observed {
    fn get_rx_window_buffer(&self) -> u32 {
        self.radio.get_rx_window_buffer()
    }

    fn get_rx_window_lead_time_ms(&self) -> u32 {
        self.radio.get_rx_window_lead_time_ms()
    }
}

impl PhyRxTx for Observed {
    type PhyError = lorawan_radio::Error;

    const ANTENNA_GAIN: i8 = GAIN_DBI;
    const MAX_RADIO_POWER: u8 = MOST_DBM;

    async fn tx(&mut self, config: TxConfig, buffer: &[u8]) -> Result<u32, Self::PhyError> {
        // The radio's own limit is not set by its driver.
        let late = with_timeout(LONGEST_SEND, self.radio.tx(config, buffer)).await;
        let late = late.unwrap_or(Err(lorawan_radio::Error::Radio(RadioError::TransmitTimeout)))?;
        self.sent = true;
        Ok(late)
    }

    async fn setup_rx(&mut self, config: RxConfig) -> Result<(), Self::PhyError> {
        self.radio.setup_rx(config).await
    }

    async fn rx_single(&mut self, buffer: &mut [u8]) -> Result<RxStatus, Self::PhyError> {
        // A preamble and the window's end in one are the driver's to be missed: it would wait for ever. Whatever fails while it
        // listens, the uplink was sent, and the stack must count it.
        let heard = with_timeout(LONGEST_WINDOW, self.radio.rx_single(buffer)).await;
        match heard {
            Ok(Ok(status)) => {
                if let RxStatus::Rx(_, quality) = &status {
                    self.quality = Some(*quality);
                }
                Ok(status)
            }
            Ok(Err(_)) | Err(TimeoutError) => {
                self.radio.low_power().await?;
                Ok(RxStatus::RxTimeout)
            }
        }
    }

    async fn rx_continuous(&mut self, buffer: &mut [u8]) -> Result<(usize, RxQuality), Self::PhyError> {
        self.radio.rx_continuous(buffer).await
    }

    async fn low_power(&mut self) -> Result<(), Self::PhyError> {
        self.radio.low_power().await
    }
}
