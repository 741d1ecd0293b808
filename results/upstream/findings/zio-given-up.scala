// ZIO alone, without churn: gets that are given up while the pool is exhausted.
import zio._

object Ghost extends ZIOAppDefault {
  val heap = ZIO.succeed { for (_ <- 1 to 3) java.lang.System.gc(); val r = java.lang.Runtime.getRuntime; (r.totalMemory - r.freeMemory) / 1024 }

  def run = ZIO.scoped {
    for {
      pool   <- ZPool.make(ZIO.succeed(new Object), 1)
      lease  <- Scope.make
      _      <- lease.extend[Any](pool.get)
      giveUp  = for { fiber <- ZIO.scoped(pool.get).fork; _ <- ZIO.yieldNow.repeatN(5); _ <- fiber.interrupt } yield ()
      _      <- ZIO.foreachDiscard(1 to 5)(i =>
                  giveUp.repeatN(19999) *> heap.flatMap(kb => Console.printLine(s"${i * 20000} gets given up, no item released: $kb KiB of heap")))
      _      <- lease.close(Exit.unit) *> ZIO.sleep(30.seconds)
      _      <- heap.flatMap(kb => Console.printLine(s"after one release: $kb KiB"))
    } yield ()
  }
}
