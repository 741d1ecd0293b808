// ZIO alone, without churn: the only item of a pool is in use and invalid, two callers wait for it. It comes back, and the creation in its
// place fails; all later ones would succeed.
import zio._

object Forgotten extends ZIOAppDefault {
  def twoCallers(min: Int) = for {
    tries <- Ref.make(0)
    make   = tries.updateAndGet(_ + 1).flatMap(n => if (n == 2) ZIO.fail("refused") else ZIO.succeed(n))
    scope <- Scope.make
    pool  <- scope.extend[Any](ZPool.make(make, min to 1, 1.hour))
    ended <- Ref.make(Chunk.empty[String])
    get    = ZIO.scoped(pool.get).foldZIO(why => ended.update(_ :+ why), n => ended.update(_ :+ s"item $n"))
    tell   = (when: String) => tries.get.zip(ended.get).flatMap { case (n, all) =>
               Console.printLine(s"min=$min, $when: ${all.size} gets have ended (${all.mkString(", ")}); the factory was asked $n times") }
    user  <- Scope.make
    item  <- user.extend[Any](pool.get)
    _     <- get.fork <* ZIO.sleep(100.millis)
    _     <- get.fork <* ZIO.sleep(100.millis)
    _     <- pool.invalidate(item)
    _     <- user.close(Exit.unit)
    _     <- ZIO.sleep(5.seconds)
    _     <- tell("two wait, after 5 s")
    _     <- get.fork <* ZIO.sleep(1.second)
    _     <- tell("and a third")
  } yield ()

  def run = twoCallers(0) *> twoCallers(1) *> ZIO.attempt(java.lang.Runtime.getRuntime.halt(0))
}
