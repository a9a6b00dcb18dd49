package io.github.lamb4j.schedule;

/** Argument checks shared by schedules, recipes and batch scaling. */
final class ScheduleChecks {

  private ScheduleChecks() {}

  static void requireNotNegative(String name, double value) {
    if (!(value >= 0) || Double.isInfinite(value)) {
      throw new IllegalArgumentException(name + " " + value + ": must be finite and at least 0");
    }
  }

  static void requirePower(double power) {
    if (!(power > 0) || Double.isInfinite(power)) {
      throw new IllegalArgumentException("power " + power + ": must be finite and above 0");
    }
  }

  /** A phase of 0 steps is absent. */
  static void requirePhase(String name, long count) {
    if (count < 0) {
      throw new IllegalArgumentException(name + " " + count + ": must be at least 0");
    }
  }

  static void requireCount(String name, long count) {
    if (count < 1) {
      throw new IllegalArgumentException(name + " " + count + ": must be at least 1");
    }
  }
}
