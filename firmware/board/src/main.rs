//! The tracker on an STM32WLE5: wires the chip's parts to the application of `tracker`.
#![no_std]
#![no_main]

mod app;
mod battery;
mod crash;
mod felt;
mod flash;
mod keys;
mod lights;
mod mac;
mod quiet;
mod sensors;
mod subghz;

use embassy_executor::{SpawnError, SpawnToken, Spawner};
use embassy_stm32::Peri;
use embassy_stm32::exti::ExtiInput;
use embassy_stm32::gpio::{Level, Output, Pin, Pull, Speed};
use embassy_stm32::wdg::IndependentWatchdog;
use embassy_stm32::{bind_interrupts, dma, exti, interrupt, peripherals};
use tracker::Module;

use crate::app::App;

/// Longer than any sleep between two of its resets, in microseconds.
const WATCHDOG_US: u32 = 30_000_000;

/// A chip whose radio does not answer is tried again after so many seconds.
const REST_S: u64 = 3_600;

bind_interrupts!(struct Irqs {
    EXTI3 => exti::InterruptHandler<interrupt::typelevel::EXTI3>;
    EXTI4 => exti::InterruptHandler<interrupt::typelevel::EXTI4>;
    EXTI9_5 => exti::InterruptHandler<interrupt::typelevel::EXTI9_5>;
    EXTI15_10 => exti::InterruptHandler<interrupt::typelevel::EXTI15_10>;
    DMA1_CHANNEL1 => dma::InterruptHandler<peripherals::DMA1_CH1>;
    DMA1_CHANNEL2 => dma::InterruptHandler<peripherals::DMA1_CH2>;
    SUBGHZ_RADIO => subghz::InterruptHandler;
});

#[embassy_executor::main(executor = "embassy_stm32::executor::Executor", entry = "cortex_m_rt::entry")]
async fn main(spawner: Spawner) {
    let cause = crash::cause();
    // Before the clocks, of which the crystal may not start: then this is tried again and again.
    // SAFETY: nothing else has it; `init` gives it out once more, and nobody takes it.
    let mut watchdog = IndependentWatchdog::new(unsafe { peripherals::IWDG::steal() }, WATCHDOG_US);
    watchdog.unleash();
    let p = embassy_stm32::init(clocks());
    let mut lights = lights::Lights { ok: low(p.PA9), alarm: low(p.PA10) };
    let flash = flash::open(p.FLASH);
    let Some(keys) = keys::read(flash) else { lights.unprovisioned(watchdog).await };

    let (button, case, wires, switch) = match keys.module {
        Module::Rak3172 | Module::Rak3172T => (
            ExtiInput::new(p.PA8, p.EXTI8, Pull::Up, Irqs),
            ExtiInput::new(p.PB12, p.EXTI12, Pull::Up, Irqs),
            sensors::Wires::Rak3172 { clock: p.PA12, data: p.PA11 },
            subghz::Switch { receive: low(p.PB8), send: low(p.PC13) },
        ),
        Module::LoraE5 => (
            ExtiInput::new(p.PB13, p.EXTI13, Pull::Up, Irqs),
            ExtiInput::new(p.PB10, p.EXTI10, Pull::Up, Irqs),
            sensors::Wires::LoraE5 { clock: p.PB15, data: p.PA15 },
            subghz::Switch { receive: low(p.PA4), send: low(p.PA5) },
        ),
    };
    let light = ExtiInput::new(p.PB3, p.EXTI3, Pull::None, Irqs);
    let motion = ExtiInput::new(p.PB4, p.EXTI4, Pull::Down, Irqs);
    start(spawner, felt::button(button));
    start(spawner, felt::case(case));
    start(spawner, felt::light(light));
    start(spawner, felt::motion(motion));
    let bus = subghz::Bus { spi: p.SUBGHZSPI, to: p.DMA1_CH1, from: p.DMA1_CH2 };
    let Ok(radio) = subghz::open(bus, switch, keys.module).await else {
        lights.broken(&mut watchdog, REST_S).await;
        crash::restart()
    };
    lights.broken(&mut watchdog, crash::rest_s()).await;
    let mac = mac::Mac::new(radio, &keys);
    let sensors = sensors::Sensors { i2c: p.I2C2, wires };
    let battery = battery::Battery::new(p.ADC1);
    let (box_now, box_told) = Default::default();
    let app = App { watchdog, lights, sensors, battery, mac, box_now, box_told, deaf_until_ms: 0 };
    app.run(keys::parts(&keys, cause), flash).await
}

/// A task fails to start where it runs already.
fn start<S>(spawner: Spawner, task: Result<SpawnToken<S>, SpawnError>) {
    match task {
        Ok(task) => spawner.spawn(task),
        Err(_) => crash::restart(),
    }
}

fn low(pin: Peri<'static, impl Pin>) -> Output<'static> {
    Output::new(pin, Level::Low, Speed::Low)
}

/// 16 MHz, trimmed by the crystal that also counts the time.
fn clocks() -> embassy_stm32::Config {
    use embassy_stm32::rcc::{LsConfig, MSIRange, Sysclk, mux};
    let mut config = embassy_stm32::Config::default();
    config.rcc.msi = Some(MSIRange::RANGE16M);
    config.rcc.sys = Sysclk::MSI;
    config.rcc.ls = LsConfig::default_lse();
    config.rcc.mux.lptim1sel = mux::Lptimsel::LSE;
    config.rcc.mux.adcsel = mux::Adcsel::SYS;
    config.enable_debug_during_sleep = false;
    // Two ticks of the clock are longer than going to sleep and waking.
    config.min_stop_pause = embassy_time::Duration::from_millis(2);
    config
}
