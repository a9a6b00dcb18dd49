package io.github.lamb4j.schedule;

import static io.github.lamb4j.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.model.Parameter;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ScheduleTest {

  private static final double EXACT = 1e-15;

  static Stream<Arguments> values() {
    Schedule warmup = Schedule.linearWarmup(6e-3, 4);
    Schedule linear = Schedule.polynomial(0.1, 0.02, 8, 1);
    Schedule root = Schedule.polynomial(0.1, 0, 4, 0.5);
    Schedule rising = Schedule.polynomial(0, 1, 4, 2);
    Schedule cosine = Schedule.cosine(0.1, 0.02, 4);
    Schedule pieces =
        Schedule.piecewise(0.1, Schedule.after(3, 0.2), Schedule.after(4, 0), Schedule.after(9, 1));
    return Stream.of(
        arguments("constant", Schedule.constant(0.3), 1, 0.3),
        arguments("constant", Schedule.constant(0.3), Long.MAX_VALUE, 0.3),
        arguments("constant zero", Schedule.constant(0), 5, 0),
        arguments("warmup", warmup, 1, 1.5e-3),
        arguments("warmup", warmup, 3, 4.5e-3),
        arguments("warmup", warmup, 4, 6e-3),
        arguments("warmup", warmup, 5, 6e-3),
        arguments("warmup", warmup, Long.MAX_VALUE, 6e-3),
        arguments("warmup of one step", Schedule.linearWarmup(0.1, 1), 1, 0.1),
        arguments("linear", linear, 1, 0.1),
        arguments("linear", linear, 2, 0.09),
        arguments("linear", linear, 5, 0.06),
        arguments("linear", linear, 8, 0.03),
        arguments("linear", linear, 9, 0.02),
        arguments("linear", linear, 10, 0.02),
        arguments("linear", linear, Long.MAX_VALUE, 0.02),
        arguments("root", root, 2, 0.1 * Math.sqrt(0.75)),
        arguments("root", root, 4, 0.05),
        arguments("root", root, 5, 0),
        arguments("rising", rising, 1, 0),
        arguments("rising", rising, 3, 0.75),
        arguments("rising", rising, 5, 1),
        arguments("cosine", cosine, 1, 0.1),
        arguments("cosine", cosine, 2, 0.02 + 0.08 * (1 + Math.sqrt(0.5)) / 2),
        arguments("cosine", cosine, 3, 0.06),
        arguments("cosine", cosine, 5, 0.02),
        arguments("cosine", cosine, 6, 0.02),
        arguments("cosine", cosine, Long.MAX_VALUE, 0.02),
        arguments("piecewise", pieces, 1, 0.1),
        arguments("piecewise", pieces, 3, 0.1),
        arguments("piecewise", pieces, 4, 0.2),
        arguments("piecewise", pieces, 5, 0),
        arguments("piecewise", pieces, 9, 0),
        arguments("piecewise", pieces, 10, 1),
        arguments("piecewise", pieces, Long.MAX_VALUE, 1),
        arguments("piecewise of one", Schedule.piecewise(0.3), 7, 0.3));
  }

  @ParameterizedTest(name = "{0} at {2}")
  @MethodSource("values")
  void shouldMatchFormula(String name, Schedule schedule, long step, double expected) {
    assertEquals(expected, schedule.at(step), EXACT);
  }

  @Test
  void shouldEndAtExactlyZero() {
    assertEquals(0, Schedule.polynomial(0.1, 0, 7, 0.5).at(8));
    assertEquals(0, Schedule.cosine(0.1, 0, 7).at(8));
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.3, 1, 2.5})
  void shouldStayBetweenStartAndEnd(double power) {
    // A rate that rounding makes negative would stop a run at its last step.
    double[][] ends = {{0.1, 0.3}, {0.3, 0.1}, {1e-20, 1}, {1, 1e-20}, {0, 0}, {1e-3, 1e-3}};
    for (double[] e : ends) {
      Schedule polynomial = Schedule.polynomial(e[0], e[1], 977, power);
      Schedule cosine = Schedule.cosine(e[0], e[1], 977);
      for (long step = 1; step <= 980; step++) {
        for (double rate : new double[] {polynomial.at(step), cosine.at(step)}) {
          assertTrue(rate >= 0, () -> "rate " + rate);
          assertTrue(rate >= Math.min(e[0], e[1]) - EXACT && rate <= Math.max(e[0], e[1]) + EXACT);
        }
      }
    }
  }

  @Test
  void shouldRestartStepCountForNextSchedule() {
    Schedule bert =
        Schedule.linearWarmup(6e-3, 2000).then(2000, Schedule.polynomial(6e-3, 0, 5038, 0.5));
    assertEquals(3e-6, bert.at(1), EXACT);
    assertEquals(6e-3, bert.at(2000), EXACT);
    assertEquals(6e-3, bert.at(2001), EXACT);
    assertEquals(6e-3 * Math.sqrt(5037 / 5038.0), bert.at(2002), EXACT);
    assertTrue(bert.at(7038) > 0, "the last step of the recipe still learns");
    assertEquals(0, bert.at(7039));
    assertEquals(0, bert.at(1_000_000));
  }

  @Test
  void shouldMatchChainOfConstants() {
    for (long a = 1; a < 8; a++) {
      for (long b = a + 1; b < 9; b++) {
        Schedule pieces = Schedule.piecewise(3, Schedule.after(a, 2), Schedule.after(b, 5));
        Schedule chain =
            Schedule.constant(3).then(a, Schedule.constant(2)).then(b, Schedule.constant(5));
        for (long step = 1; step < 12; step++) {
          assertEquals(chain.at(step), pieces.at(step));
        }
      }
    }
  }

  /** As when a program computes the lengths of its phases, and one of them is 0. */
  @Test
  void shouldLeaveOutPhasesOfNoSteps() {
    Schedule decay = Schedule.polynomial(6e-3, 0, 10, 0.5);
    Schedule unwarmed = Schedule.linearWarmup(6e-3, 0).then(0, decay);
    Schedule undecayed = Schedule.linearWarmup(1, 4).then(4, Schedule.polynomial(1, 0.5, 0, 2));
    Schedule held =
        Schedule.linearWarmup(1, 2).then(2, Schedule.constant(1).then(0, Schedule.cosine(1, 0, 4)));
    Schedule pieces =
        Schedule.piecewise(
            9,
            Schedule.after(0, 3),
            Schedule.after(5, 8),
            Schedule.after(5, 2),
            Schedule.after(7, 1));
    double[] expected = {3, 3, 3, 3, 3, 2, 2, 1};
    for (int step = 1; step <= expected.length; step++) {
      assertEquals(decay.at(step), unwarmed.at(step));
      assertEquals(step <= 4 ? step / 4.0 : 0.5, undecayed.at(step));
      assertEquals(expected[step - 1], pieces.at(step));
    }
    assertEquals(1, held.at(3));
    assertEquals(0.5, held.at(5), EXACT);
    assertEquals(0.1, Schedule.linearWarmup(0.1, 0).at(1));
    assertEquals(0.2, Schedule.cosine(1, 0.2, 0).at(1));
    Recipe flat = new Recipe(1, 0.1, 1, 0, 1);
    assertEquals(0, flat.warmupSteps());
  }

  @Test
  void shouldCopyChanges() {
    Schedule.Change[] changes = {Schedule.after(5, 2)};
    Schedule pieces = Schedule.piecewise(1, changes);
    changes[0] = Schedule.after(1, 9);
    assertEquals(1, pieces.at(5));
    assertEquals(2, pieces.at(6));
  }

  @Test
  void shouldChain() {
    Schedule early = Schedule.constant(1).then(2, step -> 10 + step).then(5, step -> 100 + step);
    Schedule late = Schedule.constant(1).then(2, Schedule.constant(2).then(3, step -> 100 + step));
    double[] expected = {1, 1, 11, 12, 13, 101, 102};
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], early.at(i + 1));
    }
    assertEquals(2, late.at(5));
    assertEquals(101, late.at(6));
  }

  static Stream<Arguments> refusals() {
    return Stream.of(
        refusal("learning rate -0.1", () -> Schedule.constant(-0.1)),
        refusal("learning rate NaN", () -> Schedule.constant(Double.NaN)),
        refusal("learning rate Infinity", () -> Schedule.constant(Double.POSITIVE_INFINITY)),
        refusal("peak learning rate -1.0", () -> Schedule.linearWarmup(-1, 5)),
        refusal("warmup steps -3", () -> Schedule.linearWarmup(1, -3)),
        refusal("start learning rate NaN", () -> Schedule.polynomial(Double.NaN, 0, 5, 1)),
        refusal("end learning rate -1.0", () -> Schedule.polynomial(1, -1, 5, 1)),
        refusal("decay steps -2", () -> Schedule.polynomial(1, 0, -2, 1)),
        refusal("power 0.0", () -> Schedule.polynomial(1, 0, 5, 0)),
        refusal("power -1.0", () -> Schedule.polynomial(1, 0, 5, -1)),
        refusal("power NaN", () -> Schedule.polynomial(1, 0, 5, Double.NaN)),
        refusal("power Infinity", () -> Schedule.polynomial(1, 0, 5, Double.POSITIVE_INFINITY)),
        refusal("start learning rate -1.0", () -> Schedule.cosine(-1, 0, 5)),
        refusal("end learning rate NaN", () -> Schedule.cosine(1, Double.NaN, 5)),
        refusal("decay steps -1", () -> Schedule.cosine(1, 0, -1)),
        refusal("first learning rate NaN", () -> Schedule.piecewise(Double.NaN)),
        refusal("steps before the change -1", () -> Schedule.after(-1, 1)),
        refusal("learning rate after the change -1.0", () -> Schedule.after(1, -1)),
        refusal(
            "change 2 after 4 steps",
            () -> Schedule.piecewise(1, Schedule.after(5, 1), Schedule.after(4, 2))),
        refusal(
            "change 3 after 6 steps",
            () ->
                Schedule.piecewise(
                    1, Schedule.after(5, 1), Schedule.after(7, 2), Schedule.after(6, 3))),
        refusal("next schedule -1", () -> Schedule.constant(1).then(-1, Schedule.constant(1))));
  }

  private static Arguments refusal(String thingAndValue, Executable call) {
    return arguments(thingAndValue, call);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("refusals")
  void shouldRejectInvalidValues(String thingAndValue, Executable call) {
    assertRefused(call, thingAndValue, "must be");
  }

  @Test
  void shouldRejectNullChanges() {
    Schedule.Change[] none = null;
    assertRefused(() -> Schedule.piecewise(1, none), "changes", "null");
    assertRefused(
        () -> Schedule.piecewise(1, Schedule.after(5, 2), null), "change 2", "null", "after");
  }

  @Test
  void shouldRejectNullNextSchedule() {
    assertRefused(() -> Schedule.constant(1).then(5, null), "next schedule", "null");
  }

  @Test
  void shouldBeAskedOncePerGroupAndStep() {
    StringBuilder asked = new StringBuilder();
    Schedule counting =
        step -> {
          asked.append(step).append(' ');
          return 0.1;
        };
    float[] a = {1};
    float[] b = {1};
    try (Lamb lamb =
        Lamb.onCpu()
            .group("a", Hyperparameters.lamb(counting), Parameter.onHost("a", a, new float[1]))
            .group("b", Hyperparameters.lamb(counting), Parameter.onHost("b", b, new float[1]))
            .build()) {
      lamb.step();
      lamb.step();
      lamb.resumeAt(41);
      lamb.step();
    }
    assertEquals("1 1 2 2 42 42 ", asked.toString());
    assertThrows(IllegalArgumentException.class, () -> Hyperparameters.lamb((Schedule) null));
  }
}
