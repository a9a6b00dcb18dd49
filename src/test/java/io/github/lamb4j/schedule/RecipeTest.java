package io.github.lamb4j.schedule;

import static io.github.lamb4j.Refusals.assertRefused;
import static io.github.lamb4j.schedule.Recipe.NVIDIA_BERT_PHASE_1;
import static io.github.lamb4j.schedule.Recipe.NVIDIA_BERT_PHASE_2;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class RecipeTest {

  private static final double ROUNDING = 1e-14;

  // NVIDIA's formula evaluated with 40 decimal digits, from the values in its scripts.
  @ParameterizedTest
  @CsvSource({
    "1, 2.99864551182230975e-06",
    "1000, 2.99864551182230966e-03",
    "2000, 5.99729102364461933e-03",
    "2001, 5.07589458936579408e-03",
    "3519, 4.24264068711928486e-03",
    "7000, 4.40877989396756852e-04",
    "7037, 7.15198539852151622e-05"
  })
  void shouldMatchNvidiaBertPhase1(long step, double expected) {
    assertEquals(expected, NVIDIA_BERT_PHASE_1.schedule().at(step), ROUNDING * expected);
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1.99936020473448489e-05",
    "100, 1.99936020473448495e-03",
    "200, 3.99872040946896989e-03",
    "201, 3.73395479700861475e-03",
    "1000, 2.40068235128253421e-03",
    "1562, 1.01176698148538934e-04"
  })
  void shouldMatchNvidiaBertPhase2(long step, double expected) {
    assertEquals(expected, NVIDIA_BERT_PHASE_2.schedule().at(step), ROUNDING * expected);
  }

  static Stream<Recipe> recipes() {
    return Stream.of(
        NVIDIA_BERT_PHASE_1,
        NVIDIA_BERT_PHASE_2,
        NVIDIA_BERT_PHASE_1.scaledTo(1000),
        new Recipe(1, 0.1, 1, 0, 1),
        new Recipe(1, 0.1, 5, 0.99, 2),
        new Recipe(1, 0.1, 100, 0.07, 1));
  }

  @ParameterizedTest
  @MethodSource("recipes")
  void shouldRiseDuringWarmupThenFallToZero(Recipe recipe) {
    Schedule schedule = recipe.schedule();
    for (long step = 1; step < recipe.steps(); step++) {
      double rate = schedule.at(step);
      double next = schedule.at(step + 1);
      assertTrue(rate > 0 && rate <= recipe.learningRate(), () -> "rate " + rate);
      if (step != recipe.warmupSteps()) {
        assertEquals(step < recipe.warmupSteps(), next > rate, "after step " + step);
      }
    }
    assertEquals(0, schedule.at(recipe.steps()));
    assertEquals(0, schedule.at(recipe.steps() + 1));
    assertEquals(0, schedule.at(Long.MAX_VALUE));
  }

  @Test
  void shouldCountWarmupSteps() {
    assertEquals(2000, NVIDIA_BERT_PHASE_1.warmupSteps());
    assertEquals(200, NVIDIA_BERT_PHASE_2.warmupSteps());
    Recipe quarter = new Recipe(1, 0.1, 100, 0.25, 1);
    assertEquals(24, quarter.warmupSteps());
    assertEquals(0.096, quarter.schedule().at(24), 1e-15);
    assertEquals(0.075, quarter.schedule().at(25), 1e-15);
    assertEquals(0, new Recipe(1, 0.1, 100, 0, 1).warmupSteps());
    assertEquals(0.099, new Recipe(1, 0.1, 100, 0, 1).schedule().at(1), 1e-15);
  }

  @Test
  void shouldScaleToAnotherBatch() {
    Recipe smaller = NVIDIA_BERT_PHASE_1.scaledTo(4096);
    assertEquals(new Recipe(4096, 1.5e-3, 112_608, 0.2843 / 16, 0.5), smaller);
    assertEquals(NVIDIA_BERT_PHASE_1.warmupSteps(), smaller.warmupSteps());
    assertEquals(NVIDIA_BERT_PHASE_1, smaller.scaledTo(65_536));
    assertEquals(NVIDIA_BERT_PHASE_1, NVIDIA_BERT_PHASE_1.scaledTo(65_536));
    assertEquals(0, new Recipe(2, 0.1, 100, 0, 1).scaledTo(100).warmupSteps());
  }

  @Test
  void shouldRejectBatchWhoseWarmupExceedsRun() {
    Recipe half = new Recipe(100, 0.1, 1000, 0.5, 1);
    assertEquals(0.995, half.scaledTo(199).warmupRatio(), 1e-15);
    assertRefused(() -> half.scaledTo(200), "batch 200", "must be below 200", "0.5");
    assertRefused(() -> NVIDIA_BERT_PHASE_1.scaledTo(262_144), "must be below 230518", "0.2843");
    assertRefused(() -> half.scaledTo(0), "batch 0", "must be at least 1");
  }

  static Stream<Arguments> refusals() {
    return Stream.of(
        refusal("batch 0", () -> new Recipe(0, 0.1, 10, 0.1, 1)),
        refusal("learning rate NaN", () -> new Recipe(1, Double.NaN, 10, 0.1, 1)),
        refusal("learning rate -0.1", () -> new Recipe(1, -0.1, 10, 0.1, 1)),
        refusal("steps 0", () -> new Recipe(1, 0.1, 0, 0.1, 1)),
        refusal("warmup ratio -0.1", () -> new Recipe(1, 0.1, 10, -0.1, 1)),
        refusal("warmup ratio 1.0", () -> new Recipe(1, 0.1, 10, 1, 1)),
        refusal("warmup ratio 28.43", () -> new Recipe(1, 0.1, 10, 28.43, 1)),
        refusal("warmup ratio NaN", () -> new Recipe(1, 0.1, 10, Double.NaN, 1)),
        refusal("power 0.0", () -> new Recipe(1, 0.1, 10, 0.1, 0)));
  }

  private static Arguments refusal(String thingAndValue, Executable call) {
    return arguments(thingAndValue, call);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("refusals")
  void shouldRejectInvalidValues(String thingAndValue, Executable call) {
    assertRefused(call, thingAndValue, "must be");
  }
}
