package io.github.lamb4j.internal.runpage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which steps of a run are kept. */
class RunHistoryTest {

  private static RunStep step(long step) {
    return new RunStep(
        step,
        0,
        1,
        List.of(),
        1,
        1,
        RunStep.Extreme.NONE,
        RunStep.Extreme.NONE,
        RunStep.Layers.NONE);
  }

  private static List<Long> kept(long steps) {
    RunHistory history = new RunHistory();
    LongStream.rangeClosed(1, steps).forEach(i -> history.add(step(i)));
    assertEquals(steps, history.count());
    return history.steps().stream().map(RunStep::step).toList();
  }

  @Test
  void shouldKeepAllStepsOfAShortRun() {
    assertEquals(List.of(), kept(0));
    assertEquals(List.of(1L), kept(1));
    assertEquals(LongStream.rangeClosed(1, RunHistory.LIMIT).boxed().toList(), kept(512));
  }

  @Test
  void shouldDropEverySecondStepOfALongerRun() {
    List<Long> odd = LongStream.iterate(1, i -> i + 2).limit(257).boxed().toList();
    assertEquals(odd, kept(513));
    assertEquals(257 + 1, kept(514).size(), "and the last");
  }

  @ParameterizedTest
  @ValueSource(longs = {513, 1000, 1024, 1025, 1026, 5000, 100_003})
  void shouldStayEvenAndBounded(long steps) {
    List<Long> kept = kept(steps);
    assertTrue(kept.size() <= RunHistory.LIMIT + 1 && kept.size() > RunHistory.LIMIT / 2);
    assertEquals(1, kept.get(0));
    assertEquals(steps, kept.get(kept.size() - 1));
    long stride = kept.get(1) - kept.get(0);
    for (int i = 1; i < kept.size() - 1; i++) {
      assertEquals(stride, kept.get(i) - kept.get(i - 1));
    }
  }

  @Test
  void shouldReplaceTheStepsThatAreKept() {
    RunHistory history = new RunHistory();
    LongStream.rangeClosed(1, 514).forEach(i -> history.add(step(i)));
    history.replaceAll(s -> step(-s.step()));
    assertTrue(history.steps().stream().allMatch(s -> s.step() < 0));
    assertEquals(-514, history.steps().get(history.steps().size() - 1).step());
  }
}
