package io.github.lamb4j.tools.sweep;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class TimeLeftTest {

  private static final long SECOND = 1_000_000_000;

  private final AtomicLong now = new AtomicLong(-5);

  private String after(TimeLeft left, long seconds) {
    now.addAndGet(seconds * SECOND);
    return left.afterAnother();
  }

  @Test
  void shouldMultiplyTheMeanTimeByTheRunsLeft() {
    TimeLeft left = new TimeLeft(4, now::get);
    assertEquals("3 runs left, about 3 min", after(left, 60));
    assertEquals("2 runs left, about 80 s", after(left, 20));
    assertEquals("1 runs left, about 40 s", after(left, 40));
    assertEquals("0 runs left, about 0 s", after(left, 1));
  }

  @Test
  void shouldNotCountBelowZero() {
    TimeLeft left = new TimeLeft(1, now::get);
    after(left, 1);
    assertEquals("0 runs left, about 0 s", after(left, 1));
  }
}
