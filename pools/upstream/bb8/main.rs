//! bb8 as a subject. It has no keys: each key has a pool of its own, as its users do it. A pool is closed by dropping it.

mod subject;

use bb8::{ManageConnection, Pool, PooledConnection};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use subject::{create, say, speak, Item, Shared, State};

struct Manager {
    key: String,
    world: Shared,
}

#[cfg_attr(feature = "async_trait", async_trait::async_trait)]
impl ManageConnection for Manager {
    type Connection = Item;
    type Error = std::io::Error;

    async fn connect(&self) -> Result<Item, std::io::Error> {
        create(&self.world, &self.key).await
    }
    async fn is_valid(&self, _: &mut Item) -> Result<(), std::io::Error> {
        Ok(())
    }
    fn has_broken(&self, item: &mut Item) -> bool {
        item.broken
    }
}

enum Own {
    Pending(tokio::task::JoinHandle<()>),
    Leased(PooledConnection<'static, Manager>),
    Over,
}

#[derive(Default)]
struct Bb8 {
    world: Shared,
    pools: HashMap<String, Pool<Manager>>,
    leases: Arc<Mutex<HashMap<String, Own>>>,
    shape: (u32, u32, Option<Duration>),
    closing: bool,
}

impl Bb8 {
    fn pool_of(&mut self, key: &str) -> Pool<Manager> {
        let (min, max, ttl) = self.shape;
        let manager = Manager { key: key.into(), world: self.world.clone() };
        let make = || {
            let builder = Pool::builder().max_size(max).min_idle(Some(min)).idle_timeout(ttl).max_lifetime(None);
            builder.reaper_rate(ttl.unwrap_or(Duration::from_secs(30)) / 4).build_unchecked(manager)
        };
        self.pools.entry(key.into()).or_insert_with(make).clone()
    }

    fn set(&self, lease: &str, own: Own) -> Option<Own> {
        self.leases.lock().unwrap().insert(lease.into(), own)
    }
}

impl subject::Pool for Bb8 {
    fn open(&mut self, min: u32, max: u32, ttl: Option<Duration>) {
        self.shape = (min, max, ttl);
    }

    fn get(&mut self, lease: &str, key: &str) {
        if self.closing {
            self.set(lease, Own::Over);
            return say(&self.world, format!("closed {lease}"));
        }
        let (pool, world, leases, name) = (self.pool_of(key), self.world.clone(), self.leases.clone(), lease.to_string());
        let task = tokio::spawn(async move {
            let (own, answer) = match pool.get_owned().await {
                Ok(item) => (format!("leased {name} {}", item.id), Own::Leased(item)),
                Err(error) => (format!("failed {name} {error:?}"), Own::Over),
            };
            say(&world, own);
            let before = leases.lock().unwrap().insert(name, answer);
            drop(before);
        });
        self.set(lease, Own::Pending(task));
    }

    fn state(&self, lease: &str) -> State {
        match self.leases.lock().unwrap().get(lease) {
            Some(Own::Pending(_)) => State::Pending,
            Some(Own::Leased(_)) => State::Leased,
            _ => State::Over,
        }
    }

    fn release(&mut self, lease: &str) {
        drop(self.set(lease, Own::Over));
    }

    fn cancel(&mut self, lease: &str) {
        if let Some(Own::Pending(task)) = self.set(lease, Own::Over) {
            task.abort();
            say(&self.world, format!("cancelled {lease}"));
        }
    }

    /// A broken connection is found when it is given back; an idle one cannot be named.
    fn invalidate(&mut self, lease: &str) {
        if let Some(Own::Leased(item)) = self.leases.lock().unwrap().get_mut(lease) {
            item.broken = true;
        }
    }

    fn shutdown(&mut self) {
        self.closing = true;
        self.pools.clear();
        say(&self.world, "done shutdown".into());
    }

    fn sample(&self) -> Vec<(&'static str, i64)> {
        let states: Vec<_> = self.pools.values().map(|pool| pool.state()).collect();
        let size: i64 = states.iter().map(|state| i64::from(state.connections)).sum();
        let idle: i64 = states.iter().map(|state| i64::from(state.idle_connections)).sum();
        vec![("keys", states.len() as i64), ("size", size), ("idle", idle), ("leased", size - idle)]
    }
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    let mut pool = Bb8::default();
    let world = pool.world.clone();
    speak(&mut pool, &world, "bb8", env!("CARGO_PKG_VERSION")).await;
}
