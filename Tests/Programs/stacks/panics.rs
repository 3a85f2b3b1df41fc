// Rust frames: a panic in flight. Recorded by scripts/record-fixtures.
#[inline(never)]
#[no_mangle]
pub extern "C" fn stop_here(depth: u32) -> u32 {
    std::hint::black_box(depth)
}

struct Guard(u32);

impl Drop for Guard {
    fn drop(&mut self) {
        std::hint::black_box(stop_here(self.0));
    }
}

#[inline(never)]
fn descend(depth: u32) -> u32 {
    let guard = Guard(depth);
    if depth == 0 {
        panic!("as planned");
    }
    let below = descend(depth - 1);
    std::hint::black_box(guard.0 + below)
}

fn main() {
    let sorted = {
        let mut numbers = vec![3, 1, 2];
        numbers.sort_by(|a: &u32, b: &u32| {
            stop_here(*a);
            a.cmp(b)
        });
        numbers
    };
    let result = std::panic::catch_unwind(|| descend(sorted[2]));
    std::process::exit(result.is_err() as i32);
}
