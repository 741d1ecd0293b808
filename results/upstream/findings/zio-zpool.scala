// ZIO alone, without churn: two defects of ZPool, and so of ZKeyedPool.
import zio._

object Repro extends ZIOAppDefault {
  // 1. Shutdown with an invalidated lease out and min = 0.
  def shutdown(min: Int) = for {
    scope  <- Scope.make
    pool   <- scope.extend[Any](ZKeyedPool.make((_: String) => ZIO.acquireRelease(ZIO.succeed(new Object))(_ => ZIO.unit), min to 1, 1.hour))
    lease  <- Scope.make
    item   <- lease.extend[Any](pool.get("a"))
    _      <- pool.invalidate(item)
    closed <- scope.close(Exit.unit).fork
    _      <- ZIO.sleep(100.millis)
    _      <- lease.close(Exit.unit)
    ended  <- closed.join.disconnect.timeout(10.seconds)
    _      <- Console.printLine(s"min=$min, invalidated, shutdown, released: " + ended.fold("shutdown still waits after 10 s")(_ => "shutdown complete"))
  } yield ()

  // 2. 10 to 15 items, a time-to-live of 1 second; 10 are in use, 5 idle.
  def shrink = ZIO.scoped {
    for {
      open  <- Ref.make(0)
      pool  <- ZPool.make(ZIO.acquireRelease(open.update(_ + 1))(_ => open.update(_ - 1)), 10 to 15, 1.second)
      kept  <- ZIO.foreach(1 to 10)(_ => pool.get)
      _     <- ZIO.scoped(ZIO.foreachDiscard(1 to 5)(_ => pool.get))
      _     <- ZIO.sleep(10.seconds)
      count <- open.get
      _     <- Console.printLine(s"10 to 15, 10 in use, 5 idle for 10 times the time-to-live: $count open")
    } yield ()
  }

  def run = shutdown(1) *> shutdown(0) *> shrink
}
