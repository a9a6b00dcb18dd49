package io.github.lamb4j.schedule;

/** What schedules, recipes and batch scaling ask of their numbers. */
final class ScheduleChecks {

  private ScheduleChecks() {}

  static void requireNotNegative(String what, double rate) {
    if (!(rate >= 0) || Double.isInfinite(rate)) {
      throw new IllegalArgumentException(
          what + " " + rate + ": must be a finite number, 0 or more");
    }
  }

  static void requirePower(double power) {
    if (!(power > 0) || Double.isInfinite(power)) {
      throw new IllegalArgumentException("power " + power + ": must be a finite number above 0");
    }
  }

  static void requireCount(String what, long count) {
    if (count < 1) {
      throw new IllegalArgumentException(what + " " + count + ": must be 1 or more");
    }
  }
}
