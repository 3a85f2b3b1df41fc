//! CPU time in work_a, work_b, work_c as 50 : 35 : 15: work_b is reached through a generic function and a closure.
//! The stack: main (or a thread's closure) · burn · descend × D · rounds · (apply · closure) · work_x.
use std::arch::asm;
use std::hint::black_box;
use std::io::{Read, Write};

const UNIT: u64 = 2500;
const ROUNDS: u64 = 40;

extern "C" {
    fn clock_gettime(clock: i32, time: *mut [i64; 2]) -> i32;
}

/// CPU nanoseconds of the process (2) or of the thread (3).
fn clock_ns(clock: i32) -> u64 {
    let mut time = [0i64; 2];
    unsafe { clock_gettime(clock, &mut time) };
    time[0] as u64 * 1_000_000_000 + time[1] as u64
}

/// The same machine code in each function; `tag` differs, so that the functions are not merged.
macro_rules! work {
    ($name:ident, $tag:literal) => {
        #[inline(never)]
        pub fn $name(mut x: u64, mut count: u64) -> u64 {
            unsafe {
                asm!(
                    ".p2align 5",
                    "2: imul {x}, {factor}",
                    "add {x}, 1",
                    "dec {count}",
                    "jnz 2b",
                    x = inout(reg) x,
                    count = inout(reg) count,
                    factor = in(reg) 6364136223846793005u64,
                );
            }
            x ^ (count + $tag)
        }
    };
}
work!(work_a, 1);
work!(work_b, 2);
work!(work_c, 3);

#[inline(never)]
fn apply<F: Fn(u64) -> u64>(work: F, x: u64) -> u64 {
    black_box(work(x)) + 1
}

#[inline(never)]
fn rounds(mut x: u64) -> u64 {
    for _ in 0..ROUNDS {
        x = work_a(x, 50 * UNIT);
        x = apply(|y| work_b(y, 35 * UNIT), x);
        x = work_c(x, 15 * UNIT);
    }
    x
}

#[inline(never)]
fn descend(x: u64, left: u64) -> u64 {
    let below = if left > 1 { descend(x, black_box(left - 1)) } else { rounds(x) };
    black_box(below) + left
}

#[inline(never)]
fn burn(seconds: f64, depth: u64) {
    let mut x = 1;
    while (clock_ns(3) as f64) < seconds * 1e9 {
        x = if depth > 0 { descend(x, depth) } else { rounds(x) };
    }
    black_box(x);
}

fn self_check() {
    let (mut ns, mut x) = ([0u64; 3], 1);
    let all: [(fn(u64, u64) -> u64, u64); 3] = [(work_a, 50), (work_b, 35), (work_c, 15)];
    for _ in 0..40 {
        for (i, (work, share)) in all.iter().enumerate() {
            let start = clock_ns(3);
            x = work(x, share * UNIT * 100);
            ns[i] += clock_ns(3) - start;
        }
    }
    println!("check work_a={} work_b={} work_c={} x={}", ns[0], ns[1], ns[2], x);
}

fn main() {
    let (mut seconds, mut threads, mut depth, mut wait) = (10.0, 1u64, 0u64, false);
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let mut number = || arguments.next().and_then(|text| text.parse::<f64>().ok()).expect("a number");
        match name.as_str() {
            "--seconds" => seconds = number(),
            "--threads" => threads = number() as u64,
            "--depth" => depth = number() as u64,
            "--wait" => wait = true,
            "--self-check" => return self_check(),
            other => panic!("unknown option {other}"),
        }
    }
    println!("ready PID={} seconds={} threads={} depth={}", std::process::id(), seconds, threads, depth);
    std::io::stdout().flush().unwrap();
    if wait {
        let _ = std::io::stdin().read(&mut [0u8]).unwrap();
    }
    let others: Vec<_> = (1..threads).map(|_| std::thread::spawn(move || burn(seconds, depth))).collect();
    burn(seconds, depth);
    for thread in others {
        thread.join().unwrap();
    }
    println!("done cpu_ns={}", clock_ns(2));
}
