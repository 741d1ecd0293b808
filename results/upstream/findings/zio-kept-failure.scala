// ZIO alone, without churn: the second creation of a pool of at most two fails after 0.5 s, when its caller was served by an item that came back.
// Three seconds later, with a factory that works, another caller asks.
import zio._

object Kept extends ZIOAppDefault {
  def run = for {
    tries <- Ref.make(0)
    make   = tries.updateAndGet(_ + 1).flatMap(n => ZIO.sleep(500.millis) *> (if (n == 2) ZIO.fail("refused") else ZIO.succeed(n)))
    scope <- Scope.make
    pool  <- scope.extend[Any](ZPool.make(make, 0 to 2, 1.hour))
    first <- Scope.make
    item  <- first.extend[Any](pool.get)
    _     <- Console.printLine(s"the first caller has item $item")
    other <- Scope.make
    later <- other.extend[Any](pool.get).fork
    _     <- ZIO.sleep(100.millis) *> first.close(Exit.unit)
    mine  <- later.join
    _     <- Console.printLine(s"the second waits, and has item $mine when it comes back")
    _     <- ZIO.sleep(3.seconds)
    third <- ZIO.scoped(pool.get).either.timed
    n     <- tries.get
    _     <- Console.printLine(s"the third, 3 s later: ${third._2} after ${third._1.toMillis / 100 / 10.0} s; the factory was asked $n times")
    again <- ZIO.scoped(pool.get).either
    _     <- Console.printLine(s"and again: $again")
    _     <- ZIO.attempt(java.lang.Runtime.getRuntime.halt(0))
  } yield ()
}
