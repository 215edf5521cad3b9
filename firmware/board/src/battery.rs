//! How much is left of the battery, by its voltage: two AA cells of lithium iron disulfide.

use embassy_stm32::adc::{Adc, SampleTime};
use embassy_stm32::peripherals::ADC1;
use embassy_stm32::{Peri, pac};

/// What the chip measured of its reference at 3.3 V when it was made (RM0453, 18.4.14), in 12 bits.
const VREFINT_CAL: *const u16 = 0x1fff_75aa as *const u16;
const CALIBRATED_AT_MV: u32 = 3300;

/// Millivolts under load, and what is left in percent.
const CURVE: [(u32, u32); 6] = [(2_000, 0), (2_400, 10), (2_700, 30), (2_850, 60), (2_950, 85), (3_050, 100)];

pub struct Battery(Peri<'static, ADC1>);

impl Battery {
    pub fn new(adc: Peri<'static, ADC1>) -> Self {
        Self(adc)
    }

    /// 0 to 100 %.
    pub fn percent(&mut self) -> u8 {
        // Made anew each time: a converter that is on would keep the chip from its deepest sleep.
        let mut adc = Adc::new(self.0.reborrow());
        let mut reference = adc.enable_vrefint();
        let measured = u32::from(adc.blocking_read(&mut reference, SampleTime::CYCLES160_5)).max(1);
        adc.power_down();
        // What was switched on for it would go on while the chip sleeps.
        pac::ADC1_COMMON.ccr().modify(|w| w.set_vrefen(false));
        pac::ADC1.cr().modify(|w| w.set_advregen(false));
        // SAFETY: the chip's own memory, which can always be read.
        let calibrated = u32::from(unsafe { VREFINT_CAL.read_volatile() });
        left(CALIBRATED_AT_MV * calibrated / measured)
    }
}

fn left(millivolts: u32) -> u8 {
    let mut below = (0, 0);
    for (mv, percent) in CURVE {
        if millivolts < mv {
            let part = (millivolts.saturating_sub(below.0)) * (percent - below.1) / (mv - below.0);
            return u8::try_from(below.1 + part).unwrap_or(100);
        }
        below = (mv, percent);
    }
    100
}
