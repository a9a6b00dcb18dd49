package io.github.lamb4j.tools.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.lamb4j.tools.progress.PlainProgress;
import io.github.lamb4j.tools.progress.Progress;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class BenchmarkTest {

  @Test
  void shouldInterleaveAndStartEachRoundWithAnotherContender() {
    FakeRig rig = new FakeRig(List.of("a", "b", "c"), 0);
    Benchmark.Result result = Benchmark.run(rig, "task", OptionalInt.of(4), Progress.SILENT);
    assertEquals(
        "a b c count a count b count c a b c b c a c a b a b c", String.join(" ", rig.calls));
    assertEquals(Map.of("nobody", "no reason"), result.skipped());
    for (Timing timing : result.timings()) {
      // The first step was a warm-up step.
      assertArrayEquals(new double[] {2, 3, 4, 5}, timing.millis(), timing.name());
    }
  }

  @Test
  void shouldLimitRoundsToThirtyOr45Seconds() {
    assertEquals(30, Benchmark.affordable(0));
    assertEquals(30, Benchmark.affordable(1.5));
    assertEquals(22, Benchmark.affordable(2));
    assertEquals(5, Benchmark.affordable(1000));
  }

  @Test
  void shouldReportProgressFourTimes() {
    StringWriter log = new StringWriter();
    FakeRig rig = new FakeRig(List.of("a"), 0);
    Progress lines = new PlainProgress(new PrintWriter(log));
    Benchmark.run(rig, "task", OptionalInt.of(10), lines);
    assertEquals(
        List.of(
            "task, 3 of 10 rounds",
            "task, 5 of 10 rounds",
            "task, 8 of 10 rounds",
            "task, 10 of 10 rounds"),
        log.toString().lines().toList());
  }
}
