//! The radio on the chip, for `lora-phy`: its bus, its busy line, its interrupt and the antenna's switch.

use core::convert::Infallible;

use cortex_m::peripheral::NVIC;
use embassy_stm32::gpio::Output;
use embassy_stm32::interrupt::{self, InterruptExt};
use embassy_stm32::pac::{EXTI, Interrupt, PWR, RCC};
use embassy_stm32::spi::Spi;
use embassy_stm32::{
    Peri,
    peripherals::{DMA1_CH1, DMA1_CH2, SUBGHZSPI},
};
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::signal::Signal;
use embassy_time::{Delay, Timer};
use embedded_hal_async::spi::{ErrorType, Operation, SpiDevice};
use lora_phy::mod_params::RadioError;
use lora_phy::mod_traits::InterfaceVariant;
use lora_phy::sx126x::{Config, Stm32wl, Sx126x, TcxoCtrlVoltage};
use lora_phy::{DelayNs, LoRa};
use tracker::Module;

use crate::Irqs;

pub type Radio = LoRa<Sx126x<Bus, Board, Stm32wl>, Delay>;

static IRQ: Signal<CriticalSectionRawMutex, ()> = Signal::new();

/// The line stays high until the radio is asked, so that the interrupt must be off until then.
pub struct InterruptHandler;

impl interrupt::typelevel::Handler<interrupt::typelevel::SUBGHZ_RADIO> for InterruptHandler {
    unsafe fn on_interrupt() {
        interrupt::SUBGHZ_RADIO.disable();
        IRQ.signal(());
    }
}

/// The antenna's switch: to the receiver, or to the high-power amplifier, which is the only one that these modules wire.
pub struct Switch {
    pub receive: Output<'static>,
    pub send: Output<'static>,
}

pub async fn open(bus: Bus, switch: Switch, module: Module) -> Result<Radio, RadioError> {
    interrupt::SUBGHZ_RADIO.disable();
    // Line 44 of the wake-up controller is the radio's interrupt; masked, nothing that it has would end a deep sleep.
    EXTI.imr(1).modify(|w| w.set_line(12, true));
    let config = Config {
        chip: Stm32wl { use_high_power_pa: true },
        tcxo_ctrl: match module {
            Module::Rak3172 => None,
            Module::LoraE5 => Some(TcxoCtrlVoltage::Ctrl1V7),
            Module::Rak3172T => Some(TcxoCtrlVoltage::Ctrl3V0),
        },
        use_dcdc: true,
        rx_boost: false,
    };
    LoRa::new(Sx126x::new(bus, Board(switch), config), true, Delay).await
}

/// More than 50 ms of asking.
const BUSY_TRIES: u32 = 200_000;

/// What lies between chip and antenna.
pub struct Board(Switch);

impl InterfaceVariant for Board {
    async fn reset(&mut self, _: &mut impl DelayNs) -> Result<(), RadioError> {
        RCC.csr().modify(|w| w.set_rfrst(true));
        RCC.csr().modify(|w| w.set_rfrst(false));
        Ok(())
    }

    async fn wait_on_busy(&mut self) -> Result<(), RadioError> {
        // Two milliseconds at most after a sleep; far less else.
        let is_ready = (0..BUSY_TRIES).any(|_| !PWR.sr2().read().rfbusys());
        if is_ready { Ok(()) } else { Err(RadioError::Busy) }
    }

    async fn await_irq(&mut self) -> Result<(), RadioError> {
        NVIC::unpend(Interrupt::SUBGHZ_RADIO);
        // SAFETY: its handler is bound.
        unsafe { interrupt::SUBGHZ_RADIO.enable() };
        IRQ.wait().await;
        Ok(())
    }

    async fn enable_rf_switch_rx(&mut self) -> Result<(), RadioError> {
        self.0.send.set_low();
        self.0.receive.set_high();
        Ok(())
    }

    async fn enable_rf_switch_tx(&mut self) -> Result<(), RadioError> {
        self.0.receive.set_low();
        self.0.send.set_high();
        Ok(())
    }

    async fn disable_rf_switch(&mut self) -> Result<(), RadioError> {
        self.0.receive.set_low();
        self.0.send.set_low();
        Ok(())
    }
}

/// The bus between processor and radio. A few dozen bytes at 8 MHz: not worth a sleep. It is made anew for each use: while it is
/// there, the chip cannot sleep deeply.
pub struct Bus {
    pub spi: Peri<'static, SUBGHZSPI>,
    /// Never used; the driver wants them.
    pub to: Peri<'static, DMA1_CH1>,
    pub from: Peri<'static, DMA1_CH2>,
}

#[derive(Debug)]
pub struct BusError;

impl embedded_hal_async::spi::Error for BusError {
    fn kind(&self) -> embedded_hal_async::spi::ErrorKind {
        embedded_hal_async::spi::ErrorKind::Other
    }
}

impl From<Infallible> for BusError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl ErrorType for Bus {
    type Error = BusError;
}

impl SpiDevice for Bus {
    async fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), BusError> {
        PWR.subghzspicr().modify(|w| w.set_nss(false));
        let mut spi = Spi::new_subghz(self.spi.reborrow(), self.to.reborrow(), self.from.reborrow(), Irqs);
        let mut done = Ok(());
        for operation in operations {
            let step = match operation {
                Operation::Read(to) => spi.blocking_read(to),
                Operation::Write(from) => spi.blocking_write(from),
                Operation::Transfer(to, from) => spi.blocking_transfer(to, from),
                Operation::TransferInPlace(both) => spi.blocking_transfer_in_place(both),
                Operation::DelayNs(ns) => {
                    Timer::after_nanos((*ns).into()).await;
                    Ok(())
                }
            };
            done = done.and(step);
        }
        PWR.subghzspicr().modify(|w| w.set_nss(true));
        done.map_err(|_| BusError)
    }
}
