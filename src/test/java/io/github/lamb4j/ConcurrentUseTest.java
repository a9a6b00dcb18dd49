package io.github.lamb4j;

import static io.github.lamb4j.Refusals.assertUntimely;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.StateArray;
import io.github.lamb4j.schedule.Schedule;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;

/** Concurrent use is rejected; use by several threads in turn is not. */
@Timeout(30)
class ConcurrentUseTest {

  private final float[] w = {1};

  private Lamb build(Schedule schedule) {
    return Lamb.onCpu()
        .maxGradNorm(1)
        .group("g", Hyperparameters.lamb(schedule), Parameter.onHost("w", w, new float[] {1}))
        .build();
  }

  private static List<Executable> everyCall(Lamb lamb) {
    FloatBuffer one = FloatBuffer.allocate(1);
    Path file = Path.of("no such directory", "state.safetensors");
    return List.of(
        lamb::step,
        lamb::layerStats,
        lamb::gradientNorm,
        () -> lamb.readState("w", StateArray.FIRST_MOMENT, 0, one),
        () -> lamb.writeState("w", StateArray.FIRST_MOMENT, 0, one),
        () -> lamb.resumeAt(9),
        () -> lamb.save(file),
        () -> lamb.load(file),
        lamb::stepCount,
        lamb::close);
  }

  @Test
  void shouldRejectEveryCallWhileAnotherThreadSteps() throws Exception {
    CountDownLatch stepping = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    Lamb lamb =
        build(
            step -> {
              stepping.countDown();
              awaitQuietly(release);
              return 0.1;
            });
    ExecutorService other = Executors.newSingleThreadExecutor();
    try {
      Future<?> step = other.submit(() -> lamb.step());
      stepping.await();
      for (Executable call : everyCall(lamb)) {
        assertUntimely(call, "in use");
      }
      release.countDown();
      step.get(10, TimeUnit.SECONDS);
    } finally {
      release.countDown();
      other.shutdown();
    }
    assertEquals(0.9f, w[0], 1e-6f);
    lamb.step();
    assertEquals(2, lamb.stepCount());
    lamb.close();
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void shouldRejectCallsFromSchedule() {
    List<Executable> attempts = new ArrayList<>();
    Lamb lamb =
        build(
            step -> {
              for (Executable attempt : attempts) {
                assertUntimely(attempt, "in use");
              }
              return 0.1;
            });
    attempts.addAll(everyCall(lamb));
    lamb.step();
    assertEquals(1, lamb.stepCount());
    assertEquals(0.9f, w[0], 1e-6f);
    lamb.close();
  }

  @Test
  void shouldServeThreadsInTurn() throws Exception {
    Lamb lamb = build(Schedule.constant(0.1));
    ExecutorService two = Executors.newFixedThreadPool(2);
    try {
      for (int i = 0; i < 20; i++) {
        two.submit(() -> lamb.step()).get(10, TimeUnit.SECONDS);
      }
    } finally {
      two.shutdown();
    }
    assertEquals(20, lamb.stepCount());
    assertTrue(w[0] > 0 && w[0] < 0.2f);
    lamb.close();
  }
}
