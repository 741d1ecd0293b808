//! A pool in Rust as a subject of churn (the subject protocol, version 1). The sister of Subject.java.
//!
//! Reads the plan, knows the leases, makes items and counts them outside the pool, and answers. It runs on one thread of tokio with
//! the clock paused, so "settled" means that no task can go on, and time passes by `advance` only. An item is closed by its drop.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{BufRead, Write as _};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const TURNS: usize = 48; // of the loop of tasks, after each operation
const STEPS: u32 = 16; // in which time passes

/// What lies outside the pool: the factory, the counts, the answers.
#[derive(Default)]
pub struct World {
    failures: HashMap<String, u64>,
    delays: HashMap<String, Duration>,
    created: i64,
    destroyed: i64,
    output: String,
}

pub type Shared = Arc<Mutex<World>>;

pub struct Item {
    pub id: i64,
    pub broken: bool,
    world: Shared,
}

impl Drop for Item {
    fn drop(&mut self) {
        let mut world = self.world.lock().unwrap();
        world.destroyed += 1;
        let _ = writeln!(world.output, "destroyed {}", self.id);
    }
}

/// The factory: a new item, or an error when the plan lets this creation fail.
pub async fn create(world: &Shared, key: &str) -> Result<Item, std::io::Error> {
    let (delay, fails) = {
        let mut world = world.lock().unwrap();
        let left = world.failures.get(key).copied().unwrap_or(0);
        world.failures.insert(key.into(), left.saturating_sub(1));
        (world.delays.get(key).copied().unwrap_or_default(), left > 0)
    };
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    if fails {
        return Err(std::io::Error::other("the factory failed"));
    }
    let mut shared = world.lock().unwrap();
    shared.created += 1;
    let id = shared.created;
    let _ = writeln!(shared.output, "created {id} {key}");
    Ok(Item { id, broken: false, world: world.clone() })
}

pub fn say(world: &Shared, line: String) {
    let output = &mut world.lock().unwrap().output;
    output.push_str(&line);
    output.push('\n');
}

#[derive(Clone, Copy, PartialEq)]
pub enum State {
    Pending,
    Leased,
    Over,
}

/// What an adapter does. Its gets end by `Ended`, whenever they do.
pub trait Pool {
    fn open(&mut self, min: u32, max: u32, ttl: Option<Duration>);
    fn get(&mut self, lease: &str, key: &str);
    fn state(&self, lease: &str) -> State;
    fn release(&mut self, lease: &str);
    fn cancel(&mut self, lease: &str);
    fn invalidate(&mut self, lease: &str);
    fn shutdown(&mut self);
    fn sample(&self) -> Vec<(&'static str, i64)>;
}

fn quantity(text: &str, units: &[(&str, f64)]) -> f64 {
    let at = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let unit = units.iter().find(|(name, _)| *name == &text[at..]).expect("a unit");
    text[..at].parse::<f64>().expect("a number") * unit.1
}

fn duration(text: &str) -> Duration {
    let units = [("ns", 1e-9), ("us", 1e-6), ("ms", 1e-3), ("s", 1.0), ("m", 60.0), ("h", 3600.0), ("d", 86400.0)];
    Duration::from_secs_f64(quantity(text, &units))
}

fn count(text: &str) -> u32 {
    quantity(text, &[("", 1.0), ("k", 1e3), ("M", 1e6)]) as u32
}

async fn settle() {
    for _ in 0..TURNS {
        tokio::task::yield_now().await;
    }
}

fn flush(world: &Shared) {
    let text = std::mem::take(&mut world.lock().unwrap().output);
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|_| out.flush());
}

fn open(pool: &mut dyn Pool, world: &Shared, pairs: &[&str]) {
    let setting = |name: &str| pairs.iter().filter_map(|pair| pair.split_once('=')).find(|pair| pair.0 == name).map(|pair| pair.1);
    if setting("items") == Some("tcp") || setting("fd_limit").is_some() || setting("identities") == Some("reused") {
        return say(world, "unsupported pool with items=tcp, fd_limit or identities=reused".into());
    }
    let ttl = setting("ttl").filter(|text| *text != "inf").map(duration);
    pool.open(count(setting("min").unwrap_or("0")), count(setting("max").unwrap_or("1")), ttl);
}

async fn carry_out(pool: &mut dyn Pool, world: &Shared, word: &[&str]) {
    match *word {
        ["meta", ..] => {}
        ["pool", ref pairs @ ..] => open(pool, world, pairs),
        ["get", lease, key, ..] => pool.get(lease, key),
        ["release", lease] if pool.state(lease) == State::Leased => pool.release(lease),
        ["cancel", lease] if pool.state(lease) == State::Pending => pool.cancel(lease),
        ["invalidate", lease] => pool.invalidate(lease),
        ["release" | "cancel", _] => {}
        ["fail", key, times] => drop(world.lock().unwrap().failures.insert(key.into(), count(times).into())),
        ["slow", key, delay] => drop(world.lock().unwrap().delays.insert(key.into(), duration(delay))),
        ["advance", time] => {
            for _ in 0..STEPS {
                tokio::time::advance(duration(time) / STEPS).await;
                settle().await;
            }
        }
        ["shutdown"] => pool.shutdown(),
        ["rung"] => {}
        _ => say(world, format!("unsupported {}", word[0])),
    }
}

fn rung(pool: &dyn Pool, world: &Shared) {
    let mut values = pool.sample();
    let (created, destroyed) = { let world = world.lock().unwrap(); (world.created, world.destroyed) };
    values.extend([("created", created), ("destroyed", destroyed), ("open", created - destroyed)]);
    let members: Vec<String> = values.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    say(world, format!("rung {{{}}}", members.join(",")));
}

/// Speaks the protocol until the end of stdin.
pub async fn speak(pool: &mut dyn Pool, world: &Shared, name: &str, version: &str) {
    let names: Vec<String> = pool.sample().iter().map(|(name, _)| format!("\"{name}\"")).collect();
    say(world, format!(
        "churn-subject 1 {{\"name\":\"{name}\",\"version\":\"{version}\",\"ops\":[\"get\",\"release\",\"cancel\",\"invalidate\",\"fail\",\
         \"slow\",\"advance\",\"rung\",\"shutdown\"],\"counters\":[\"created\",\"destroyed\",\"open\",{}],\"clock\":\"virtual\",\"cancelled\":true}}",
        names.join(",")));
    flush(world);
    let mut input = std::io::BufReader::with_capacity(1 << 16, std::io::stdin());
    let mut line = String::new();
    while input.read_line(&mut line).unwrap_or(0) > 0 {
        let word: Vec<&str> = line.trim_end().split(' ').collect();
        carry_out(pool, world, &word).await;
        settle().await;
        if word[0] == "rung" {
            rung(pool, world);
        }
        if word[0] == "rung" || input.buffer().is_empty() {
            flush(world);
        }
        line.clear();
    }
}
