//! A fleet in one world, one event after the other in the order of time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use chrono::{DateTime, Utc};
use domain::DevEui;
use tracker::{Action, Region};

use crate::device::{Device, Plan, Session, time};
use crate::downlinks::{Became, Queued};
use crate::radio::{Gateway, OnAir, Radio, Reception};
use crate::random::Random;
use crate::world::{HeardBy, Report, Totals, Uplink, World};

/// From the end of an uplink to what comes back in the first receive window, and to the end of the second.
const RX_1_MS: i64 = 1_200;
const RX_2_MS: i64 = 2_500;

/// The answer to what the MAC was asked, in bytes (DevStatusAns).
const MAC_ANSWER: usize = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// Its uplink.
    Ended,
    /// The incident at that place of its plan.
    Happens(usize),
    Wakes,
}

pub struct Fleet {
    world: World,
    radio: Radio,
    pub devices: Vec<Device>,
    flights: Vec<Option<OnAir>>,
    events: BinaryHeap<Reverse<(i64, Event, usize)>>,
    pub totals: Totals,
}

impl Fleet {
    pub fn new(world: World, plans: &[Plan]) -> Result<Self, tracker::LogError> {
        let radio = Radio::new(world.region, world.gateways.clone(), Random::new(world.seed, u64::MAX));
        let made = plans.iter().map(|plan| Device::new(plan.clone(), world.region, world.seed));
        let devices = made.collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            events: plans.iter().enumerate().flat_map(events_of).collect(),
            flights: vec![None; devices.len()],
            world,
            radio,
            devices,
            totals: Totals::default(),
        })
    }

    pub const fn region(&self) -> Region {
        self.world.region
    }

    /// How many entries all have written into their logs, and of how many they know that they are held.
    pub fn entries(&self) -> (u64, u64) {
        let both = |device: &Device| {
            let tracker = device.tracker();
            (u64::from(tracker.next_sequence()), u64::from(tracker.saved().acknowledged))
        };
        self.devices.iter().map(both).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
    }

    /// When something happens next.
    pub fn next_at(&self) -> Option<DateTime<Utc>> {
        self.events.peek().map(|Reverse((at_ms, ..))| *at_ms).filter(|at_ms| *at_ms < i64::MAX).map(time)
    }

    /// Lets everything happen that happens before that time.
    pub fn run_until(&mut self, until: DateTime<Utc>, report: &mut impl FnMut(Report)) {
        let until_ms = until.timestamp_millis();
        while let Some(Reverse((at_ms, event, device))) = self.events.peek().copied() {
            if at_ms >= until_ms {
                return;
            }
            self.events.pop();
            match event {
                Event::Wakes => self.wake(at_ms, device),
                Event::Happens(place) => self.happen(at_ms, device, place),
                Event::Ended => self.end(at_ms, device, report),
            }
        }
    }

    /// Queues a downlink, as a network server does for an application; false where there is no such device.
    pub fn enqueue(&mut self, dev_eui: DevEui, queued: Queued) -> bool {
        let device = self.devices.iter_mut().find(|device| device.dev_eui() == dev_eui);
        device.map(|device| device.downlinks.push(queued)).is_some()
    }

    fn happen(&mut self, at_ms: i64, index: usize, place: usize) {
        let Some(device) = self.devices.get_mut(index) else { return };
        let Some((_, incident)) = device.plan.incidents.get(place).copied() else { return };
        device.happens(at_ms, incident);
        // While it sends it is not asked; it goes on when that has ended.
        if device.sending.is_none() {
            self.wake_at(at_ms, index);
        }
    }

    fn wake_at(&mut self, at_ms: i64, index: usize) {
        if let Some(device) = self.devices.get_mut(index) {
            device.wakes_ms = at_ms;
            self.events.push(Reverse((at_ms, Event::Wakes, index)));
        }
    }

    fn wake(&mut self, at_ms: i64, index: usize) {
        let Some(device) = self.devices.get_mut(index) else { return };
        // It was woken before, and sleeps for another time.
        if device.wakes_ms != at_ms || device.sending.is_some() {
            return;
        }
        if let Some(wakes_ms) = device.go_on(at_ms) {
            return self.wake_at(wakes_ms, index);
        }
        let (rate, length) = match &device.sending {
            Some(Action::Send(send)) => (send.rate, send.payload.as_slice().len()),
            Some(Action::Join { rate, .. }) => (*rate, 10),
            _ => return,
        };
        let length = length + if std::mem::take(&mut device.mac_pending) { MAC_ANSWER } else { 0 };
        let airtime_ms = self.world.region.time_on_air_ms(rate, length);
        device.takes_air(at_ms, airtime_ms);
        self.totals.uplinks += 1;
        self.totals.airtime_ms += airtime_ms;
        self.totals.bytes += length as u64 + 13;
        let channels = match self.world.region {
            Region::Eu868 => 3,
            Region::Us915 => 8,
        };
        let uplink = OnAir {
            device: index,
            from_ms: at_ms,
            until_ms: at_ms + airtime_ms.cast_signed(),
            channel: device.random.below(channels),
            rate,
            point: device.position(at_ms),
        };
        self.events.push(Reverse((uplink.until_ms, Event::Ended, index)));
        self.radio.begin(uplink.clone());
        if let Some(flight) = self.flights.get_mut(index) {
            *flight = Some(uplink);
        }
    }

    fn end(&mut self, at_ms: i64, index: usize, report: &mut impl FnMut(Report)) {
        // After a reset it may send something else already.
        let ended = |flight: &mut OnAir| flight.until_ms == at_ms;
        let Some(flight) = self.flights.get_mut(index).and_then(|flight| flight.take_if(ended)) else {
            return;
        };
        let heard = self.radio.end(&flight);
        let Some(device) = self.devices.get_mut(index) else { return };
        let in_hole = self.world.holes.iter().any(|hole| hole.holds(flight.point));
        let lost = device.random.below(1000) < self.world.lost_permille || device.is_silent || in_hole;
        let heard = if lost { Vec::new() } else { heard };
        let answered = device.random.below(1000) >= self.world.lost_permille;
        let sending = device.sending.take();
        match sending {
            Some(Action::Join { .. }) if !heard.is_empty() && answered => {
                let dev_addr = u32::try_from(device.random.below(1 << 25)).unwrap_or(1);
                device.session = Some(Session { dev_addr, f_cnt: 0 });
                device.joined(at_ms + RX_2_MS);
                report(Report::Joined { dev_eui: device.dev_eui(), dev_addr, at: time(at_ms) });
            }
            Some(Action::Send(send)) => self.sent(&flight, &send, &heard, answered, report),
            _ => {}
        }
        self.wake_at(at_ms + RX_2_MS, index);
    }

    fn sent(
        &mut self,
        flight: &OnAir,
        send: &tracker::Send,
        heard: &[Reception],
        answered: bool,
        report: &mut impl FnMut(Report),
    ) {
        let Some(device) = self.devices.get_mut(flight.device) else { return };
        let (at_ms, dev_eui) = (flight.until_ms, device.dev_eui());
        let acknowledges = device.acknowledges();
        let uplink = uplink(device, &self.radio, send, at_ms, heard);
        let mut queued = None;
        if let Some(uplink) = &uplink {
            if device.random.below(1000) < self.world.doubled_permille {
                let heard_by = uplink.heard_by.last().copied().into_iter().collect();
                report(Report::Uplink(Uplink { heard_by, is_copy: true, ..uplink.clone() }));
            }
            report(Report::Uplink(uplink.clone()));
            let at = time(at_ms + RX_1_MS);
            let mut tell = |id, became| report(Report::Downlink { dev_eui, id, became, at });
            queued = device.downlinks.after_uplink(at, acknowledges, &mut tell);
            if let Some(queued) = &queued {
                tell(queued.id.clone(), Became::Transmitted);
                self.totals.downlinks += 1;
            }
        }
        let airtime_ms = (flight.until_ms - flight.from_ms).cast_unsigned();
        // The gateway that heard the tracker best answers, and is heard as well.
        let snr = heard.first().map_or(0, |best| (best.snr_db * 4.0) as i32);
        let asks = self.world.asks_permille;
        device.mac_pending = uplink.is_some() && answered && asks > 0 && device.random.below(1000) < asks;
        // A confirmed uplink is answered even where nobody has anything to say.
        let bare = Queued::bare();
        let owed = (send.confirmed && uplink.is_some()).then_some(&bare);
        let came = queued.as_ref().or(owed).filter(|_| answered);
        device.sent(at_ms + RX_1_MS, airtime_ms, came.map(|queued| (queued, snr)));
        if uplink.is_some() && answered && self.world.tells_time && device.asks_time(at_ms) {
            device.told_time(at_ms + RX_1_MS, snr);
        }
    }
}

/// What is known to happen to a device.
fn events_of((device, plan): (usize, &Plan)) -> impl Iterator<Item = Reverse<(i64, Event, usize)>> {
    let event = move |at: DateTime<Utc>, event| Reverse((at.timestamp_millis(), event, device));
    let incidents = plan.incidents.iter().enumerate();
    let happens = incidents.map(move |(place, (at, _))| event(*at, Event::Happens(place)));
    std::iter::once(event(plan.starts_at, Event::Wakes)).chain(happens)
}

/// What the network makes of an uplink that was heard; without a session it is nobody's.
fn uplink(
    device: &mut Device,
    radio: &Radio,
    send: &tracker::Send,
    at_ms: i64,
    heard: &[Reception],
) -> Option<Uplink> {
    let dev_eui = device.dev_eui();
    let session = device.session.as_mut()?;
    let f_cnt = session.f_cnt;
    session.f_cnt += 1;
    let heard_by: Vec<HeardBy> = heard
        .iter()
        .filter_map(|reception| {
            let Gateway { eui, point, .. } = *radio.gateways.get(reception.gateway)?;
            Some(HeardBy { eui, point, rssi_dbm: reception.rssi_dbm, snr_db: reception.snr_db })
        })
        .collect();
    (!heard_by.is_empty()).then(|| Uplink {
        dev_eui,
        dev_addr: session.dev_addr,
        f_cnt,
        port: send.port,
        confirmed: send.confirmed,
        payload: send.payload.as_slice().to_vec(),
        rate: send.rate,
        at: time(at_ms),
        heard_by,
        is_copy: false,
    })
}
