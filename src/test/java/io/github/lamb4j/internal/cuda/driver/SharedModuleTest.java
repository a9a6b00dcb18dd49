package io.github.lamb4j.internal.cuda.driver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilders;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.emulator.EmulatedDevice;
import io.github.lamb4j.emulator.EmulatedDriver;
import io.github.lamb4j.emulator.EmulatedDriver.Call;
import io.github.lamb4j.emulator.EmulatedGpu;
import io.github.lamb4j.emulator.EmulatorException;
import io.github.lamb4j.error.CudaException;
import io.github.lamb4j.internal.cuda.Kernels;
import io.github.lamb4j.model.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** Optimizers in one context load the kernels once, although each has a driver of its own. */
@Tag("jcuda")
@EnabledIfSystemProperty(named = "lamb4j.device", matches = "stand-ins")
class SharedModuleTest {

  private static final int OUT_OF_MEMORY = 2;

  private final AtomicInteger loads = new AtomicInteger();
  private EmulatedDriver gpu;

  @BeforeEach
  void plugIn() {
    plugIn(EmulatedDevice.SMALL);
  }

  /**
   * Replaces the GPU by a new one, whose primary context, modules and memory get the same numbers.
   */
  private void plugIn(EmulatedDevice device) {
    gpu = new EmulatedDriver(device, 1);
    EmulatedGpu.use(gpu);
    loads.set(0);
    gpu.rewrite(
        ptx -> {
          loads.incrementAndGet();
          return ptx;
        });
  }

  private static Lamb build(float[] weights) {
    return LambBuilders.staged(new JCudaDriver())
        .group(
            "all", Hyperparameters.lamb(0.1), Parameter.onHost("w", weights, new float[] {1, 1, 1}))
        .path(StepPath.SINGLE_PASS)
        .build();
  }

  private static float[] weights() {
    return new float[] {1, 2, 3};
  }

  @Test
  void shouldLoadOnceAndUnloadWithTheLastOptimizer() {
    float[] first = weights();
    float[] second = weights();
    Lamb a = build(first);
    Lamb b = build(second);
    assertEquals(1, loads.get());
    a.step();
    a.close();
    b.step();
    assertArrayEquals(first, second);
    String left = assertThrows(EmulatorException.class, gpu::close).getMessage();
    assertEquals(1, left.split("module 0x", -1).length - 1, left);
    b.close();
    gpu.close(); // fails if anything is left
    build(weights()).close();
    assertEquals(2, loads.get());
    gpu.close();
  }

  @Test
  void shouldGiveBackTheModuleOfAFailedBuild() {
    for (Call call : List.of(Call.LOAD_MODULE, Call.FUNCTION, Call.PREPARE, Call.CREATE_EVENT)) {
      gpu.fail(call, 1, OUT_OF_MEMORY);
      assertThrows(CudaException.class, () -> build(weights()), call.name());
      gpu.close();
    }
    try (Lamb a = build(weights())) {
      gpu.fail(Call.CREATE_EVENT, 1, OUT_OF_MEMORY);
      assertThrows(CudaException.class, () -> build(weights()));
      a.step();
    }
    gpu.close();
  }

  @Test
  void shouldLoadAgainInAContextWithTheHandleOfADestroyedOne() {
    build(weights()); // its context ends before it is closed
    long before = gpu.context();
    plugIn(EmulatedDevice.SMALL);
    assertEquals(before, gpu.context());
    try (Lamb lamb = build(weights())) {
      assertEquals(1, loads.get());
      lamb.step();
    }
    gpu.close();
  }

  @Test
  void shouldLoadInEachContext() {
    try (Lamb a = build(weights())) {
      long context = gpu.context();
      gpu.api().createContext();
      JCudaDriver driver = new JCudaDriver();
      long module = driver.loadModule(Kernels.ptx());
      assertEquals(2, loads.get());
      driver.unloadModule(module);
      gpu.makeCurrent(context);
      a.step();
    }
    gpu.close();
  }

  @Test
  void shouldLoadForEachOptimizerWhereTheDriverDoesNotNumberContexts() {
    plugIn(EmulatedDevice.SMALL.withDriverVersion(11_080));
    try (Lamb a = build(weights());
        Lamb b = build(weights())) {
      assertEquals(2, loads.get());
      a.step();
      b.step();
    }
    gpu.close();
  }

  @Test
  void shouldUnloadAtTheSecondAttemptIfTheFirstFails() {
    JCudaDriver driver = new JCudaDriver();
    gpu.makeCurrent(gpu.context());
    long module = driver.loadModule(Kernels.ptx());
    gpu.fail(Call.UNLOAD_MODULE, 1, OUT_OF_MEMORY);
    assertThrows(CudaException.class, () -> driver.unloadModule(module));
    driver.unloadModule(module);
    gpu.close();
    driver.unloadModule(driver.loadModule(Kernels.ptx()));
    assertEquals(2, loads.get());
    gpu.close();
  }

  @Test
  void shouldNotLowerTheSharedMemoryOfAnotherUser() {
    JCudaDriver driver = new JCudaDriver();
    gpu.makeCurrent(gpu.context());
    long module = driver.loadModule(Kernels.ptx());
    long function = driver.function(module, "single_pass");
    gpu.fail(Call.PREPARE, 4, OUT_OF_MEMORY);
    driver.prepare(function, "single_pass", 1, 1, 1000);
    driver.prepare(function, "single_pass", 1, 1, 500);
    driver.prepare(function, "single_pass", 1, 1, 1000);
    assertThrows(
        CudaException.class,
        () -> {
          driver.prepare(function, "single_pass", 1, 1, 1001); // the third and fourth call
        });
    driver.unloadModule(module);
    gpu.close();
  }

  @Test
  void shouldShareBetweenThreads() throws Exception {
    int threads = 4;
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      for (int round = 0; round < 20; round++) {
        List<Future<?>> users = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
          users.add(
              pool.submit(
                  () -> {
                    gpu.makeCurrent(gpu.context());
                    JCudaDriver driver = new JCudaDriver();
                    long module = driver.loadModule(Kernels.ptx());
                    driver.function(module, "apply");
                    driver.unloadModule(module);
                  }));
        }
        for (Future<?> user : users) {
          user.get();
        }
        gpu.close();
      }
    } finally {
      pool.shutdown();
    }
  }
}
