package io.github.lamb4j.internal.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.ReportedNorms;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.internal.spi.BackendSettings;
import io.github.lamb4j.internal.spi.GradientOptions;
import io.github.lamb4j.model.HostArray;
import io.github.lamb4j.model.HostParameter;
import io.github.lamb4j.model.ParameterGroup;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A failure of one thread reaches the caller, and threads that cannot all be started end again. */
class WorkersTest {

  private static final int THREADS = 5;
  private static final int INDICES = 1000;

  private final Set<Thread> earlier = Thread.getAllStackTraces().keySet();

  /** The caller and two helpers get kernels; the third helper fails. */
  private Supplier<TileKernels> failing(Error failure) {
    AtomicInteger made = new AtomicInteger();
    return () -> {
      if (made.getAndIncrement() == 3) {
        assertEquals(2, helpers().size(), "helpers that must end");
        throw failure;
      }
      return new ScalarTileKernels();
    };
  }

  /** The helpers that the test has started. */
  private List<Thread> helpers() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("lamb-cpu") && !earlier.contains(thread))
        .toList();
  }

  private void assertHelpersEnd() throws InterruptedException {
    for (Thread thread : helpers()) {
      thread.join(5000);
      assertFalse(thread.isAlive());
    }
  }

  /** The other thread works on until this one has failed. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  @Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void shouldPassOnWhatAThreadThrows(boolean inHelper) {
    try (Workers workers = new Workers(2, ScalarTileKernels::new)) {
      Error failure = new AssertionError("in a task");
      AtomicInteger atWork = new AtomicInteger();
      CountDownLatch failed = new CountDownLatch(1);
      Exception e =
          assertThrows(
              IllegalStateException.class,
              () ->
                  workers.forEach(
                      INDICES,
                      (index, span) -> {
                        if ((span != workers.own()) == inHelper) {
                          failed.countDown();
                          throw failure;
                        }
                        atWork.incrementAndGet();
                        await(failed);
                        atWork.decrementAndGet();
                      }));
      assertSame(failure, e.getCause());
      assertEquals(0, atWork.get(), "the other thread has ended its work");
      assertAllIndicesRun(workers); // the failure is forgotten
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void assertAllIndicesRun(Workers workers) {
    AtomicIntegerArray runs = new AtomicIntegerArray(INDICES);
    workers.forEach(INDICES, (index, span) -> runs.incrementAndGet(index));
    for (int i = 0; i < INDICES; i++) {
      assertEquals(1, runs.get(i));
    }
  }

  @Test
  void shouldEndHelpersIfOneCannotBeStarted() {
    Error failure = new AssertionError("no kernels");
    Thread.currentThread().interrupt();
    assertSame(
        failure, assertThrows(Error.class, () -> new Workers(THREADS, failing(failure)).close()));
    assertTrue(Thread.interrupted(), "the interrupt status is kept for the caller");
    assertEquals(List.of(), helpers());
  }

  @Test
  void backendShouldExplainThreadsThatCannotBeStarted() throws InterruptedException {
    Error failure = new OutOfMemoryError("no more");
    Exception e = assertThrows(IllegalStateException.class, () -> open(failing(failure)).close());
    assertEquals(
        "threads 5: cannot be started: no more; use fewer, or raise the heap (-Xmx) or the system's limit of threads",
        e.getMessage());
    assertSame(failure, e.getCause());
    assertHelpersEnd();
  }

  @Test
  void backendShouldEndHelpersIfMastersCannotBeFormed() throws InterruptedException {
    Error failure = new AssertionError("in a kernel");
    TileKernels kernels =
        (TileKernels)
            Proxy.newProxyInstance(
                TileKernels.class.getClassLoader(),
                new Class<?>[] {TileKernels.class},
                (proxy, method, arguments) -> {
                  throw failure;
                });
    Exception e = assertThrows(IllegalStateException.class, () -> open(() -> kernels).close());
    assertSame(failure, e.getCause());
    assertHelpersEnd();
  }

  /** With weights that need masters, and work for all threads. */
  private static CpuBackend open(Supplier<TileKernels> kernels) {
    short[] weights = new short[1 << 17];
    HostParameter parameter =
        new HostParameter(
            "w", HostArray.f16(weights), HostArray.f16(weights.clone()), Optional.empty());
    return new CpuBackend(
        List.of(new ParameterGroup("g", Hyperparameters.lamb(0.1), List.of(parameter))),
        new BackendSettings(GradientOptions.NONE, THREADS, StepPath.AUTO, ReportedNorms.ALL),
        kernels,
        SumExchange.NONE);
  }
}
