//! Thermometer, humidity and motion on one I2C bus.

use embassy_stm32::Peri;
use embassy_stm32::gpio::{Level, OutputOpenDrain, Speed};
use embassy_stm32::i2c::{self, I2c, Master};
use embassy_stm32::mode::Blocking;
use embassy_stm32::peripherals::{I2C2, PA11, PA12, PA15, PB15};
use embassy_stm32::time::Hertz;
use embassy_time::{Duration, Timer};
use tracker::Sample;
use wire::{Broken, EventKind};

/// Nothing on the bus takes longer for one exchange, in milliseconds.
const PATIENCE_MS: u64 = 10;

/// The thermometer: TMP117, ADD0 to ground.
const TMP117: u8 = 0x48;
const TMP117_VALUE: u8 = 0x00;
const TMP117_CONFIG: u8 = 0x01;
/// One conversion of the mean of eight, which takes 125 ms, at most 140; then it sleeps.
const TMP117_ONCE: u16 = 0x0c20;
const TMP117_SLEEP: u16 = 0x0420;
const TMP117_MS: u64 = 145;
const TMP117_READY: u16 = 0x2000;

const SHT4X: u8 = 0x44;
/// With high precision, which takes 8.3 ms.
const SHT4X_MEASURE: u8 = 0xfd;
const SHT4X_MS: u64 = 10;

/// SA0 to the supply.
const LIS2DW12: u8 = 0x19;
const LIS2DW12_WHO: (u8, u8) = (0x0f, 0x44);
/// 100 Hz at its lowest power, ±16 g; an interrupt that stays until it is read by 3 g and by another side that is up.
const LIS2DW12_SETUP: [(u8, u8); 7] =
    [(0x20, 0x50), (0x25, 0x30), (0x22, 0x10), (0x30, 0x40), (0x34, 12), (0x23, 0xa0), (0x3f, 0x20)];
const LIS2DW12_SOURCES: u8 = 0x3b;
const LIS2DW12_SIDE: u8 = 0x3a;
const LIS2DW12_OUT: u8 = 0x28;

/// The bus does not answer as it should.
#[derive(Debug)]
pub struct Silent;

impl From<i2c::Error> for Silent {
    fn from(_: i2c::Error) -> Self {
        Self
    }
}

/// The parts of the bus, which is made anew for each use: at rest it takes nothing, and what hung is over.
pub struct Sensors {
    pub i2c: Peri<'static, I2C2>,
    pub wires: Wires,
}

/// The pins of the bus.
pub enum Wires {
    Rak3172 { clock: Peri<'static, PA12>, data: Peri<'static, PA11> },
    LoraE5 { clock: Peri<'static, PB15>, data: Peri<'static, PA15> },
}

impl Sensors {
    fn bus(&mut self) -> I2c<'_, Blocking, Master> {
        let mut config = i2c::Config::default();
        config.frequency = Hertz(100_000);
        config.timeout = Duration::from_millis(PATIENCE_MS);
        let i2c = self.i2c.reborrow();
        match &mut self.wires {
            Wires::Rak3172 { clock, data } => {
                I2c::new_blocking(i2c, clock.reborrow(), data.reborrow(), config)
            }
            Wires::LoraE5 { clock, data } => {
                I2c::new_blocking(i2c, clock.reborrow(), data.reborrow(), config)
            }
        }
    }

    /// None where the thermometer does not answer.
    pub async fn sample(&mut self) -> Option<Sample> {
        let mut temperature = self.temperature().await;
        if temperature.is_err() {
            self.free().await;
            temperature = self.temperature().await;
        }
        let humidity = self.humidity().await.ok();
        Some(Sample { temperature: temperature.ok()?, humidity })
    }

    /// In 0.01 °C.
    async fn temperature(&mut self) -> Result<i16, Silent> {
        let [high, low] = TMP117_ONCE.to_be_bytes();
        self.bus().blocking_write(TMP117, &[TMP117_CONFIG, high, low])?;
        Timer::after_millis(TMP117_MS).await;
        let mut bus = self.bus();
        let [mut state, mut value] = [[0; 2]; 2];
        bus.blocking_write_read(TMP117, &[TMP117_CONFIG], &mut state)?;
        bus.blocking_write_read(TMP117, &[TMP117_VALUE], &mut value)?;
        if u16::from_be_bytes(state) & TMP117_READY == 0 {
            return Err(Silent);
        }
        // Steps of 1/128 °C, to the nearest hundredth.
        let hundredths = (i32::from(i16::from_be_bytes(value)) * 100 + 64).div_euclid(128);
        i16::try_from(hundredths).map_err(|_| Silent)
    }

    /// In half percent, 0 to 200.
    async fn humidity(&mut self) -> Result<u8, Silent> {
        self.bus().blocking_write(SHT4X, &[SHT4X_MEASURE])?;
        Timer::after_millis(SHT4X_MS).await;
        let mut answer = [0; 6];
        self.bus().blocking_read(SHT4X, &mut answer)?;
        let [_, _, _, high, low, sum] = answer;
        if crc8([high, low]) != sum {
            return Err(Silent);
        }
        // -6 to 119 % over the whole range.
        let halves = (i32::from(u16::from_be_bytes([high, low])) * 250 + 32_767) / 65_535 - 12;
        u8::try_from(halves.clamp(0, 200)).map_err(|_| Silent)
    }

    /// The thermometer measures by itself from its supply on. Where it does not answer, the next sample says so.
    pub fn rest(&mut self) {
        let [high, low] = TMP117_SLEEP.to_be_bytes();
        let _ = self.bus().blocking_write(TMP117, &[TMP117_CONFIG, high, low]);
    }

    /// What does not work; the motion sensor is set up by this.
    pub async fn test(&mut self) -> Broken {
        let mut broken = Broken::NOTHING;
        if self.sample().await.is_none() {
            broken = broken.and(Broken::THERMOMETER);
        }
        if self.humidity().await.is_err() {
            broken = broken.and(Broken::HUMIDITY);
        }
        if self.set_up_motion().is_err() {
            broken = broken.and(Broken::MOTION);
        }
        broken
    }

    fn set_up_motion(&mut self) -> Result<(), Silent> {
        let mut bus = self.bus();
        let (register, expected) = LIS2DW12_WHO;
        let mut who = [0];
        bus.blocking_write_read(LIS2DW12, &[register], &mut who)?;
        if who != [expected] {
            return Err(Silent);
        }
        for (register, value) in LIS2DW12_SETUP {
            bus.blocking_write(LIS2DW12, &[register, value])?;
        }
        // What it had to tell before keeps its line up.
        bus.blocking_write_read(LIS2DW12, &[LIS2DW12_SOURCES], &mut who)?;
        Ok(())
    }

    /// What moved: a shock with its peak in 0.1 g, or the side that is up now.
    pub fn motion(&mut self) -> Result<Option<(EventKind, u8)>, Silent> {
        let mut bus = self.bus();
        let ([mut sources, mut side], mut out) = ([[0]; 2], [0; 6]);
        bus.blocking_write_read(LIS2DW12, &[LIS2DW12_OUT], &mut out)?;
        bus.blocking_write_read(LIS2DW12, &[LIS2DW12_SIDE], &mut side)?;
        bus.blocking_write_read(LIS2DW12, &[LIS2DW12_SOURCES], &mut sources)?;
        let ([sources], [side]) = (sources, side);
        if sources & 0x02 != 0 {
            let axes = out.chunks_exact(2).map(|axis| match axis {
                [low, high] => i16::from_le_bytes([*low, *high]).unsigned_abs(),
                _ => 0,
            });
            let tenths = u32::from(axes.max().unwrap_or(0)) * 160 / 32_768;
            // Never less than what woke it: the peak may be over when it is read.
            return Ok(Some((EventKind::Shock, u8::try_from(tenths).unwrap_or(u8::MAX).max(30))));
        }
        let turned = sources & 0x10 != 0;
        Ok(turned.then_some((EventKind::Turned, (side & 0x3f).trailing_zeros().min(5) as u8)))
    }

    /// Whoever was interrupted while it spoke holds the bus until it has been clocked to its end.
    async fn free(&mut self) {
        let mut clock = match &mut self.wires {
            Wires::Rak3172 { clock, .. } => OutputOpenDrain::new(clock.reborrow(), Level::High, Speed::Low),
            Wires::LoraE5 { clock, .. } => OutputOpenDrain::new(clock.reborrow(), Level::High, Speed::Low),
        };
        for _ in 0..9 {
            clock.set_low();
            Timer::after_micros(10).await;
            clock.set_high();
            Timer::after_micros(10).await;
        }
    }
}

/// Polynomial 0x31 from 0xff, as in the data sheet.
fn crc8(bytes: [u8; 2]) -> u8 {
    bytes.iter().fold(0xff, |crc, byte| {
        (0..8).fold(crc ^ byte, |crc: u8, _| if crc & 0x80 == 0 { crc << 1 } else { crc << 1 ^ 0x31 })
    })
}
