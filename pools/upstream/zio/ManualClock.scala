package upstream

import java.time.{Instant, LocalDateTime, OffsetDateTime, ZoneId, ZoneOffset}
import java.time.temporal.ChronoUnit
import java.util.concurrent.TimeUnit
import scala.collection.mutable
import zio._

/** Time is a number. Those who sleep wait in a list until somebody moves it. */
final class ManualClock extends Clock {
  private final class Sleeper(val wake: Long, val order: Long, val run: () => Unit)

  var nanos: Long      = 0
  private var count    = 0L
  private val sleepers = mutable.TreeSet.empty[Sleeper](Ordering.by(s => (s.wake, s.order)))

  def sleeping: Int = sleepers.size

  /** Moves to the first sleeper that is due by then and wakes it; false when there is none. */
  def fireNext(until: Long): Boolean = sleepers.headOption match {
    case Some(first) if first.wake <= until =>
      nanos = first.wake
      sleepers -= first
      first.run()
      true
    case _ => false
  }

  def sleep(duration: => Duration)(implicit trace: Trace): UIO[Unit] =
    ZIO.asyncInterrupt { wake =>
      // An infinite duration is a sleeper too: its fiber is there, and may leak.
      val at = if (duration.toNanos > Long.MaxValue - nanos) Long.MaxValue else nanos + duration.toNanos
      count += 1
      val sleeper = new Sleeper(at, count, () => wake(ZIO.unit))
      sleepers += sleeper
      Left(ZIO.succeed(sleepers -= sleeper))
    }

  private def at = Instant.ofEpochSecond(0, nanos)

  def currentTime(unit: => TimeUnit)(implicit trace: Trace): UIO[Long] =
    ZIO.succeed(unit.convert(nanos, TimeUnit.NANOSECONDS))
  def currentTime(unit: => ChronoUnit)(implicit trace: Trace, d: DummyImplicit): UIO[Long] =
    ZIO.succeed(unit.between(Instant.EPOCH, at))
  def currentDateTime(implicit trace: Trace): UIO[OffsetDateTime] = ZIO.succeed(OffsetDateTime.ofInstant(at, ZoneOffset.UTC))
  def localDateTime(implicit trace: Trace): UIO[LocalDateTime]    = currentDateTime.map(_.toLocalDateTime)
  def instant(implicit trace: Trace): UIO[Instant]                = ZIO.succeed(at)
  def nanoTime(implicit trace: Trace): UIO[Long]                  = ZIO.succeed(nanos)
  def scheduler(implicit trace: Trace): UIO[Scheduler]            = ZIO.dieMessage("this clock has no scheduler")
  def javaClock(implicit trace: Trace): UIO[java.time.Clock]      = ZIO.succeed(new java.time.Clock {
    override def getZone: ZoneId           = ZoneOffset.UTC
    override def withZone(zone: ZoneId)    = this
    override def instant: Instant          = at
  })
}
