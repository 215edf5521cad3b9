//! The processor: Unicorn executes Thumb; exceptions are made here, since it has no interrupt controller.

use std::cell::RefCell;
use std::rc::Rc;

use unicorn_engine::{Arch, Mode, Prot, RegisterARM, Unicorn};

use crate::chip::Chip;
use crate::flash::{DATA, Flash};
use crate::image::{AT, Image, ROOM};
use crate::power::{BROWN_OUT, SOFTWARE, WATCHDOG};

const RAM: u64 = 0x2000_0000;
const RAM_SIZE: u64 = 0x1_0000;
/// Where handlers return to: nothing is there.
const RETURN: u64 = 0x0ff0_0000;
const WFI: [u8; 2] = [0x30, 0xbf];

#[derive(Default)]
struct Flow {
    wfi: Option<u64>,
    returned: bool,
    /// Handlers that run.
    depth: u32,
}

/// A tracker: chip, memory and the image in it.
pub struct Machine {
    uc: Unicorn<'static, ()>,
    pub chip: Rc<RefCell<Chip>>,
    flow: Rc<RefCell<Flow>>,
    vectors: u32,
    pub resets: u32,
}

impl Machine {
    /// From power on.
    pub fn new(image: &Image, flash: Flash) -> Self {
        let chip = Rc::new(RefCell::new(Chip::new(flash, BROWN_OUT)));
        let flow = Rc::new(RefCell::new(Flow::default()));
        let mut uc = Unicorn::new(Arch::ARM, Mode::THUMB | Mode::MCLASS).expect("the engine starts");
        uc.ctl_set_cpu_model(unicorn_engine::ArmCpuModel::CORTEX_M4 as i32).expect("it has the core");
        uc.mem_map(AT.into(), ROOM as u64, Prot::READ | Prot::EXEC).expect("code");
        uc.mem_write(AT.into(), &image.bytes).expect("code");
        uc.mem_map(RAM, RAM_SIZE, Prot::READ | Prot::WRITE).expect("memory");
        uc.mem_map(RETURN, 0x1000, Prot::READ | Prot::EXEC).expect("the place of return");
        uc.mem_map(0x1fff_7000, 0x1000, Prot::READ).expect("the maker's page");
        uc.mem_write(0x1fff_75aa, &crate::adc::VREFINT_CAL.to_le_bytes()).expect("the maker's page");
        map_flash(&mut uc, &chip);
        for (from, size) in [
            (0x4000_0000, 0x3_0000),
            (0x4800_0000, 0x2000),
            (0x5800_0000, 0x2_0000),
            (0xe000_0000, 0x10_0000),
        ] {
            map_parts(&mut uc, &chip, from, size);
        }
        hook(&mut uc, &chip, &flow, &image.bytes);
        let mut machine = Self { uc, chip, flow, vectors: AT, resets: 0 };
        machine.boot();
        machine
    }

    fn word(&self, address: u64) -> u32 {
        let mut word = [0; 4];
        self.uc.mem_read(address, &mut word).expect("it is mapped");
        u32::from_le_bytes(word)
    }

    fn boot(&mut self) {
        let (stack, entry) = (self.word(AT.into()), self.word(u64::from(AT) + 4));
        for (register, value) in [(RegisterARM::SP, stack), (RegisterARM::PC, entry), (RegisterARM::LR, !0)] {
            self.uc.reg_write(register, value.into()).expect("a register");
        }
        self.uc.reg_write(RegisterARM::PRIMASK, 0).expect("a register");
        self.vectors = AT;
        *self.flow.borrow_mut() = Flow::default();
    }

    /// The chip begins anew. Memory stays as it is unless the supply failed.
    pub fn reset(&mut self, by: Reset) {
        self.resets += 1;
        {
            let mut chip = self.chip.borrow_mut();
            let mut flash = std::mem::take(&mut chip.flash);
            flash.reset();
            let flags = match by {
                Reset::Supply => BROWN_OUT,
                Reset::Software => SOFTWARE,
                Reset::Watchdog => WATCHDOG,
            };
            let mut next = Chip::new(flash, flags);
            (next.now, next.times) = (chip.now, chip.times);
            next.i2c.sensors = chip.i2c.sensors.clone();
            next.adc.supply_mv = chip.adc.supply_mv;
            next.gpio.keep_outside(&chip.gpio);
            next.radio.uplinks = std::mem::take(&mut chip.radio.uplinks);
            (next.radio.sending, next.radio.listening) = (chip.radio.sending, chip.radio.listening);
            *chip = next;
        }
        if by == Reset::Supply {
            self.uc.mem_write(RAM, &vec![0xa5; RAM_SIZE as usize]).expect("memory");
        }
        self.boot();
    }

    /// Runs until that time in cycles, or until an uplink has ended.
    pub fn run_until(&mut self, until: u64) {
        while self.chip.borrow().now < until
            && self.chip.borrow().radio.uplinks.iter().all(|u| u.ended_at > self.chip.borrow().now)
        {
            self.go_on(until);
        }
    }

    fn go_on(&mut self, until: u64) {
        let pc = self.uc.reg_read(RegisterARM::PC).expect("a register");
        if let Err(error) = self.uc.emu_start(pc | 1, 0, 0, 0) {
            let pc = self.uc.reg_read(RegisterARM::PC).unwrap_or(0);
            panic!("the program went astray at {pc:#x}: {error:?}");
        }
        if self.chip.borrow().flash.failed {
            return self.reset(Reset::Supply);
        }
        if self.chip.borrow().reset {
            return self.reset(Reset::Software);
        }
        let (returned, wfi) = {
            let mut flow = self.flow.borrow_mut();
            (std::mem::take(&mut flow.returned), flow.wfi.take())
        };
        if returned {
            self.unstack();
        }
        if let Some(at) = wfi {
            self.uc.reg_write(RegisterARM::PC, (at + 2) | 1).expect("a register");
            if self.sleep(until) {
                return self.reset(Reset::Watchdog);
            }
        }
        self.chip.borrow_mut().pass();
        self.interrupt();
    }

    /// Until something wakes it, or that time; whether the watchdog bit.
    fn sleep(&mut self, until: u64) -> bool {
        let mut chip = self.chip.borrow_mut();
        let is_deep = chip.is_deep();
        let from = chip.now;
        loop {
            chip.pass();
            if chip.interrupt().is_some() || chip.now >= until {
                break;
            }
            if chip.now >= chip.watchdog.bites_at() {
                return true;
            }
            chip.now = chip.next_at().max(chip.now + 1).min(until);
        }
        let slept = chip.now - from;
        if is_deep {
            chip.times.stopped += slept;
            chip.pwr.stopped = true;
        } else {
            chip.times.sleeping += slept;
        }
        // Whoever was not woken sleeps on.
        if chip.interrupt().is_none() {
            drop(chip);
            let pc = self.uc.reg_read(RegisterARM::PC).expect("a register");
            self.uc.reg_write(RegisterARM::PC, (pc - 2) | 1).expect("a register");
        }
        false
    }

    fn interrupt(&mut self) {
        let is_masked = self.uc.reg_read(RegisterARM::PRIMASK).expect("a register") & 1 == 1;
        let nmi = std::mem::take(&mut self.chip.borrow_mut().flash.nmi);
        if nmi {
            return self.stack(2);
        }
        // One at a time: how they nest is not modelled.
        if is_masked || self.flow.borrow().depth > 0 {
            return;
        }
        let irq = self.chip.borrow().interrupt();
        if let Some(irq) = irq {
            self.chip.borrow_mut().serve(irq);
            self.stack(16 + irq);
        }
    }

    fn stack(&mut self, exception: u32) {
        use RegisterARM::{LR, PC, R0, R1, R2, R3, R12, SP, XPSR};
        let mut sp = self.uc.reg_read(SP).expect("a register");
        let is_odd = !sp.is_multiple_of(8);
        sp = (sp - 32) & !7;
        let saved = [R0, R1, R2, R3, R12, LR, PC, XPSR]
            .map(|register| self.uc.reg_read(register).expect("a register") as u32);
        let frame = saved.iter().enumerate().flat_map(|(place, value)| match place {
            7 => (value & !(1 << 9) | u32::from(is_odd) << 9).to_le_bytes(),
            _ => value.to_le_bytes(),
        });
        let frame: Vec<u8> = frame.collect();
        self.uc.mem_write(sp, &frame).expect("the stack is mapped");
        let handler = self.word(u64::from(self.vectors + 4 * exception));
        self.uc.reg_write(SP, sp).expect("a register");
        self.uc.reg_write(LR, RETURN | 1).expect("a register");
        self.uc.reg_write(RegisterARM::PC, handler.into()).expect("a register");
        self.flow.borrow_mut().depth += 1;
    }

    fn unstack(&mut self) {
        use RegisterARM::{LR, R0, R1, R2, R3, R12, SP, XPSR};
        let sp = self.uc.reg_read(SP).expect("a register");
        let word = |place: u64| u64::from(self.word(sp + 4 * place));
        let values: Vec<u64> = (0..8).map(word).collect();
        let registers = [R0, R1, R2, R3, R12, LR];
        for (register, value) in registers.into_iter().zip(&values) {
            self.uc.reg_write(register, *value).expect("a register");
        }
        let xpsr = values[7];
        self.uc.reg_write(SP, sp + 32 + if xpsr >> 9 & 1 == 1 { 4 } else { 0 }).expect("a register");
        self.uc.reg_write(XPSR, xpsr & !0x1ff).expect("a register");
        self.uc.reg_write(RegisterARM::PC, values[6] | 1).expect("a register");
        self.flow.borrow_mut().depth -= 1;
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reset {
    Supply,
    Software,
    Watchdog,
}

fn map_flash(uc: &mut Unicorn<'static, ()>, chip: &Rc<RefCell<Chip>>) {
    let (reads, writes) = (Rc::clone(chip), Rc::clone(chip));
    let read = move |_: &mut Unicorn<'_, ()>, offset: u64, size: usize| {
        reads.borrow_mut().flash.load(offset as u32, size)
    };
    let write = move |uc: &mut Unicorn<'_, ()>, offset: u64, size: usize, value: u64| {
        let mut chip = writes.borrow_mut();
        chip.flash.store(offset as u32, size, value);
        if chip.flash.failed {
            let _ = uc.emu_stop();
        }
    };
    uc.mmio_map(u64::from(AT + DATA), 0x2_0000, Some(read), Some(write)).expect("the flash's data");
}

fn map_parts(uc: &mut Unicorn<'static, ()>, chip: &Rc<RefCell<Chip>>, from: u64, size: u64) {
    let (reads, writes) = (Rc::clone(chip), Rc::clone(chip));
    let read = move |_: &mut Unicorn<'_, ()>, offset: u64, size: usize| {
        reads.borrow_mut().read((from + offset) as u32, size).into()
    };
    let write = move |uc: &mut Unicorn<'_, ()>, offset: u64, size: usize, value: u64| {
        let mut chip = writes.borrow_mut();
        chip.write((from + offset) as u32, size, value as u32);
        chip.pass();
        if chip.reset || chip.flash.failed {
            let _ = uc.emu_stop();
        }
    };
    uc.mmio_map(from, size, Some(read), Some(write)).expect("the parts");
}

/// Sleeping, the end of a handler, and interrupts that are let in again are seen at their instructions; time is counted by blocks.
fn hook(uc: &mut Unicorn<'static, ()>, chip: &Rc<RefCell<Chip>>, flow: &Rc<RefCell<Flow>>, code: &[u8]) {
    let at = |pattern: [u8; 2]| {
        let places = (0..code.len() - 2).step_by(2).filter(move |place| code[*place..*place + 2] == pattern);
        places.map(|place| u64::from(AT) + place as u64)
    };
    for place in at(WFI) {
        let flow = Rc::clone(flow);
        uc.add_code_hook(place, place, move |uc, at, _| {
            flow.borrow_mut().wfi = Some(at);
            let _ = uc.emu_stop();
        })
        .expect("a hook");
    }
    let returned = Rc::clone(flow);
    uc.add_code_hook(RETURN, RETURN, move |uc, _, _| {
        returned.borrow_mut().returned = true;
        let _ = uc.emu_stop();
    })
    .expect("a hook");
    let (chip, flow) = (Rc::clone(chip), Rc::clone(flow));
    uc.add_block_hook(u64::from(AT), u64::from(AT) + ROOM as u64, move |uc, _, size| {
        let mut chip = chip.borrow_mut();
        // Two bytes an instruction, one cycle each, and about as much for the flash's waiting.
        let cycles = u64::from(size / 2 + 1);
        chip.now += cycles;
        chip.times.running += cycles;
        if chip.now >= chip.next_at() {
            chip.pass();
        }
        if chip.flash.nmi {
            let _ = uc.emu_stop();
        } else if chip.interrupt().is_some() && flow.borrow().depth == 0 {
            let is_masked = uc.reg_read(RegisterARM::PRIMASK).is_ok_and(|mask| mask & 1 == 1);
            if !is_masked {
                let _ = uc.emu_stop();
            }
        }
    })
    .expect("a hook");
}
