package upstream

import scala.collection.mutable
import scala.jdk.CollectionConverters._
import zio._

/** ZKeyedPool as a subject. One thread: fibers are run by this program's own loop and time is a number that only
  * `advance` moves, so "settled" means that no fiber can go on, and the same plan gives the same answers. */
final class ZioSubject extends Subject {
  import Subject.{Item, Lease, Shape, State}

  // ---- fibers and time ----
  private val ready   = new java.util.ArrayDeque[Runnable]
  private val clock   = new ManualClock
  private val runtime = Unsafe.unsafe { implicit u =>
    Runtime.unsafe.fromLayer(Runtime.setExecutor(Executor.fromJavaExecutor(task => ready.add(task))))
  }

  override protected def settle(): Unit = {
    var task = ready.poll()
    while (task != null) {
      task.run()
      task = ready.poll()
    }
  }

  private def fork[E, A](effect: ZIO[Any, E, A]): Fiber.Runtime[E, A] =
    Unsafe.unsafe { implicit u => runtime.unsafe.fork(ZIO.withClock(clock)(effect)) }

  /** For effects that end without waiting for anything. */
  private def now[A](effect: UIO[A]): A = {
    var result: Option[A] = None
    fork(effect.map(a => result = Some(a)))
    settle()
    result.getOrElse(throw new IllegalStateException("an effect that should end at once did not"))
  }

  // ---- the pool ----
  private val app                                     = now(Scope.make)
  private val scopes                                  = mutable.Map.empty[String, Scope.Closeable]
  private var keyed: ZKeyedPool[String, String, Item] = null

  private var creating                                = 0 // creations that take their time

  private def slowly(ns: Long): UIO[Unit] =
    if (ns == 0) ZIO.unit
    else ZIO.succeed(creating += 1) *> clock.sleep(Duration.fromNanos(ns)) *> ZIO.succeed(creating -= 1)

  private def make(key: String): ZIO[Scope, String, Item] =
    ZIO.acquireRelease(ZIO.suspendSucceed {
      val fail = fails(key)
      slowly(slownessNs(key)) *> (if (fail) ZIO.fail("the factory failed") else ZIO.succeed(made(key)))
    })(item => ZIO.succeed(destroy(item)))

  override protected def open(shape: Shape): Unit = {
    val range = shape.min to shape.max
    val pool  =
      if (!shape.hasTtl && shape.min == shape.max) ZKeyedPool.make((key: String) => make(key), shape.max)
      else ZKeyedPool.make((key: String) => make(key), range, Duration.fromNanos(shape.ttlNs))
    keyed = now(app.extend[Any](pool))
  }

  private final class Own(val scope: Scope.Closeable, val fiber: Fiber.Runtime[String, Item])

  override protected def get(lease: Lease): Unit = {
    val scope = if (lease.scope == null) now(Scope.make)
                else now(scopes.getOrElseUpdate(lease.scope, now(Scope.make)).fork)
    val fiber = fork(scope.extend[Any](keyed.get(lease.key)))
    lease.own = new Own(scope, fiber)
    Unsafe.unsafe { implicit u => fiber.unsafe.addObserver(exit => answer(lease, scope, exit)) }
  }

  private def answer(lease: Lease, scope: Scope.Closeable, exit: Exit[String, Item]): Unit =
    if (lease.state == State.PENDING) exit match {
      case Exit.Success(item)  => leased(lease, item)
      case Exit.Failure(cause) =>
        fork(scope.close(Exit.unit))
        if (cause.isInterruptedOnly) closed(lease) else failed(lease, cause.failureOption.getOrElse(cause.toString))
    }

  private def own(lease: Lease)                         = lease.own.asInstanceOf[Own]
  override protected def release(lease: Lease): Unit    = fork(own(lease).scope.close(Exit.unit))
  override protected def cancel(lease: Lease): Unit     =
    fork(own(lease).fiber.interrupt *> own(lease).scope.close(Exit.unit))
  override protected def closeScope(name: String): Unit =
    scopes.remove(name).foreach(scope => fork(scope.close(Exit.unit)))
  override protected def invalidate(item: Item): Unit   = fork(keyed.invalidate(item))
  override protected def shutdown(): Unit               = fork(app.close(Exit.unit) *> ZIO.succeed(shutdownDone()))

  override protected def advance(ns: Long): Unit = {
    val until = clock.nanos + ns
    while (clock.fireNext(until)) settle()
    clock.nanos = until
  }

  // ---- looking inside ----
  private val setName                               = if (Peek.has("zio.ZPool$DefaultPool", "invalidated")) "tombstones" else "members"
  override protected def moreOps()                  = List("cancel", "advance", "close-scope", "slow").asJava
  override protected def counters()                 =
    List(setName, "dead_retained", "finalizers", "keys", "size", "idle", "leased", "creating", "waiters_ghost", "timers", "heap_bytes").asJava

  /** From 2.1.14 a scope tells its size; before, the release map is looked up inside it. None when it was closed. */
  private def finalizers: Int =
    classOf[Scope.Closeable].getMethods.find(_.getName == "size") match {
      case Some(size) => size.invoke(app).asInstanceOf[Int]
      case None       =>
        val running = Peek.find(app, "zio.Scope$Running", "zio.Scope", "zio.Ref", "java.util.concurrent.atomic")
        if (running == null) 0 else Peek.field(running, "finalizers").asInstanceOf[Iterable[Any]].size
    }

  override protected def sample(out: java.util.Map[String, java.lang.Long]): Unit = {
    val pools = now(Peek.field(keyed, "activePools").asInstanceOf[UIO[Chunk[AnyRef]]])
    val sets  = pools.map { pool =>
      now(Peek.field(pool, "invalidated", "allocated").asInstanceOf[Ref[Set[Item]]].get)
    }
    val dead = mutable.Set.empty[Item]
    sets.foreach(_.foreach(item => if (item.dead) dead += item))
    val sizes  = pools.map(pool => now(Peek.field(pool, "state").asInstanceOf[Ref[AnyRef]].get.map(Peek.integer(_, "size"))).max(0))
    val queues = pools.map(Peek.field(_, "items").asInstanceOf[Queue[Any]])
    val queued = queues.map(queue => now(queue.size.exit.map(_.getOrElse(_ => 0)))) // negative: so many are parked
    val shut   = queues.count(queue => now(queue.isShutdown)) // pools that have ended; the keyed pool keeps them in its map
    val idle   = queued.map(_.max(0)).sum
    def put(name: String, value: Long): Unit = out.put(name, value)
    put(setName, sets.map(_.size.toLong).sum)
    put("dead_retained", dead.size)
    put("finalizers", finalizers)
    put("keys", pools.size - shut)
    put("size", sizes.sum)
    put("idle", idle)
    put("leased", sizes.sum - idle - creating)
    put("creating", creating)
    put("waiters_ghost", (queued.map(-_.min(0)).sum - pending()).max(0L))
    put("timers", clock.sleeping - creating)
    dead.clear()
    put("heap_bytes", Subject.heapBytes())
  }
}

object ZioSubject {
  def main(args: Array[String]): Unit = new ZioSubject().speak("zio", args(0), "virtual")
}
