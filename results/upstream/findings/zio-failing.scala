// ZIO alone, without churn: a pool of at most one item is closed while its factory fails (in 0.5 s) and two callers wait for it.
import zio._

object Failing extends ZIOAppDefault {
  def close(min: Int, callers: Int) = for {
    scope  <- Scope.make
    pool   <- scope.extend[Any](ZPool.make(ZIO.sleep(500.millis) *> ZIO.fail("refused"), min to 1, 1.hour))
    gets   <- ZIO.foreach(1 to callers)(_ => ZIO.scoped(pool.get).exit.fork)
    _      <- ZIO.sleep(100.millis)
    closed <- scope.close(Exit.unit).fork
    ended  <- closed.join.disconnect.timeout(10.seconds)
    over   <- ZIO.foreach(gets)(_.join.disconnect.timeout(1.second)).map(_.count(_.isDefined))
    _      <- Console.printLine(s"min=$min, $callers callers: " + ended.fold("close still waits after 10 s")(_ => "closed") + s", $over gets have ended")
  } yield ()

  def run = close(0, 1) *> close(1, 2) *> close(0, 2)
}
