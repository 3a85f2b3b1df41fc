// Inlined Rust: iterators, closures, generic methods, a trait.
trait Weigh {
    fn weigh(&self) -> u64;
}

#[derive(Clone)]
struct Stone {
    size: u64,
}

impl Weigh for Stone {
    #[inline(always)]
    fn weigh(&self) -> u64 {
        mixed(self.size)
    }
}

#[inline(always)]
fn mixed(x: u64) -> u64 {
    (x ^ (x >> 29)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[inline(never)]
fn total<W: Weigh>(all: &[W]) -> u64 {
    all.iter().map(|one| one.weigh()).filter(|w| w % 3 != 0).fold(0, |a, b| a.wrapping_add(b))
}

#[inline(never)]
fn words(count: usize) -> Vec<String> {
    let mut all: Vec<String> = (0..count).map(|i| format!("word{}", mixed(i as u64) % 97)).collect();
    all.sort_by_key(|word| word.len() * 31 + word.bytes().map(usize::from).sum::<usize>());
    all
}

fn main() {
    let count = std::env::args().count() * 50;
    let stones: Vec<Stone> = (0..count).map(|size| Stone { size: size as u64 }).collect();
    println!("{} {}", total(&stones), words(count).join(" ").len());
}
