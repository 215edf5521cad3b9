//! The two lights beside the words OK and ALARM.

use embassy_stm32::gpio::Output;
use embassy_stm32::peripherals::IWDG;
use embassy_stm32::wdg::IndependentWatchdog;
use embassy_time::Timer;
use tracker::Light;

pub struct Lights {
    pub ok: Output<'static>,
    pub alarm: Output<'static>,
}

impl Lights {
    /// A short flash of what there is to say; both where the tracker is broken.
    pub async fn flash(&mut self, light: Light) {
        let (ok, alarm) = match light {
            Light::Ok => (true, false),
            Light::Alarm => (false, true),
            Light::Broken => (true, true),
        };
        self.set(ok, alarm);
        Timer::after_millis(20).await;
        self.set(false, false);
    }

    fn set(&mut self, ok: bool, alarm: bool) {
        self.ok.set_level(ok.into());
        self.alarm.set_level(alarm.into());
    }

    /// Says for so many seconds that something is broken.
    pub async fn broken(&mut self, watchdog: &mut IndependentWatchdog<'static, IWDG>, seconds: u64) {
        for _ in 0..seconds / 5 {
            watchdog.pet();
            self.flash(Light::Broken).await;
            Timer::after_secs(5).await;
        }
    }

    /// For ever, one light after the other: there are no keys in this chip.
    pub async fn unprovisioned(mut self, mut watchdog: IndependentWatchdog<'static, IWDG>) -> ! {
        loop {
            watchdog.pet();
            self.flash(Light::Ok).await;
            Timer::after_millis(500).await;
            self.flash(Light::Alarm).await;
            Timer::after_secs(5).await;
        }
    }
}
