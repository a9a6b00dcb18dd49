package io.github.lamb4j;

import static io.github.lamb4j.Refusals.assertUntimely;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.ReportedNorms;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.error.CudaException;
import io.github.lamb4j.internal.cpu.CpuBackend;
import io.github.lamb4j.internal.safetensors.SafetensorsException;
import io.github.lamb4j.internal.spi.Backend;
import io.github.lamb4j.internal.spi.BackendSettings;
import io.github.lamb4j.internal.spi.GradientOptions;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.schedule.Schedule;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What goes wrong in the middle of saving or loading. */
class StateFailureTest {

  private static final BackendSettings SETTINGS =
      new BackendSettings(GradientOptions.NONE, 1, StepPath.AUTO, ReportedNorms.ALL);

  /** Large enough that a file is not read in one go. */
  private static final int COUNT = 1 << 17;

  @TempDir Path directory;
  private Path file;
  private final float[] w = new float[COUNT];
  private final float[] g = new float[COUNT];
  private String failing = "";
  private Runnable failure;

  private final Lamb lamb =
      LambBuilders.onHost((groups, settings) -> troubled(new CpuBackend(groups, SETTINGS)))
          .group("g", Hyperparameters.lamb(0.1), Parameter.onHost("w", w, g))
          .build();

  @BeforeEach
  void save() throws IOException {
    file = directory.resolve("state.safetensors");
    w[0] = 1;
    g[1] = 1;
    lamb.step();
    lamb.save(file);
  }

  @AfterEach
  void close() {
    failing = "";
    lamb.close();
  }

  /** A backend with a call that fails as the test wants it. */
  private Backend troubled(Backend sound) {
    return (Backend)
        Proxy.newProxyInstance(
            Backend.class.getClassLoader(),
            new Class<?>[] {Backend.class},
            (self, method, arguments) -> {
              if (method.getName().equals(failing)) {
                failure.run();
              }
              try {
                return method.invoke(sound, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  @ParameterizedTest
  @ValueSource(strings = {"read", "report"})
  void shouldLeaveTheOldFileWhenSavingFails(String call) throws IOException {
    byte[] old = Files.readAllBytes(file);
    lamb.step();
    CudaException broken = new CudaException("cuMemcpyDtoH", 719, "CUDA_ERROR", "copying");
    failing = call;
    failure =
        () -> {
          throw broken;
        };
    assertSame(broken, assertThrows(CudaException.class, () -> lamb.save(file)));
    assertArrayEquals(old, Files.readAllBytes(file));
    try (Stream<Path> files = Files.list(directory)) {
      assertEquals(1, files.count());
    }
    failing = "";
    lamb.save(file);
    assertEquals(2, lamb.stepCount());
  }

  @ParameterizedTest
  @ValueSource(strings = {"write", "setSteps"})
  void shouldNotGoOnFromALoadThatFailedPartWay(String call) throws IOException {
    byte[] old = Files.readAllBytes(file);
    RuntimeException broken = new IllegalStateException("the device is gone");
    failing = call;
    failure =
        () -> {
          throw broken;
        };
    IllegalStateException refusal =
        assertThrows(IllegalStateException.class, () -> lamb.load(file));
    assertSame(broken, refusal.getCause());
    failing = "";
    assertNothingGoesOn();
    assertArrayEquals(old, Files.readAllBytes(file));
  }

  private void assertNothingGoesOn() {
    String said = "loading " + file + " failed partway; restore weights and a saved state";
    assertUntimely(lamb::step, said);
    assertUntimely(() -> lamb.save(file), said);
    assertUntimely(() -> lamb.load(file), said);
  }

  @Test
  void shouldNotGoOnFromAFileThatEndsWhileItIsRead() {
    failing = "write";
    failure =
        () -> {
          try (RandomAccessFile other = new RandomAccessFile(file.toFile(), "rw")) {
            other.setLength(other.length() - 4);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        };
    IllegalStateException refusal =
        assertThrows(IllegalStateException.class, () -> lamb.load(file));
    assertInstanceOf(SafetensorsException.class, refusal.getCause());
    assertTrue(
        refusal.getCause().getMessage().contains("truncated since"), "" + refusal.getCause());
    failing = "";
    assertNothingGoesOn();
  }

  @Test
  void shouldSaveNothingAfterAStepThatFailedPartWay() throws IOException {
    byte[] old = Files.readAllBytes(file);
    failing = "step";
    failure =
        () -> {
          throw new IllegalStateException("mid-air");
        };
    assertUntimely(lamb::step, "step 2 failed partway");
    failing = "";
    assertUntimely(() -> lamb.save(file), "step 2 failed partway");
    assertUntimely(() -> lamb.load(file), "step 2 failed partway");
    assertArrayEquals(old, Files.readAllBytes(file));
  }

  @Test
  void shouldPassOnWhatAScheduleThrowsAndTouchNothing() throws IOException {
    RuntimeException own = new UnsupportedOperationException("no rate for you");
    AtomicBoolean silent = new AtomicBoolean(true);
    Schedule schedule =
        step -> {
          if (silent.get()) {
            throw own;
          }
          return 0.1;
        };
    float[] weights = {1};
    try (Lamb other =
        Lamb.onCpu()
            .group(
                "g",
                Hyperparameters.lamb(schedule),
                Parameter.onHost("w", weights, new float[] {1}))
            .build()) {
      byte[] old = Files.readAllBytes(file);
      other.resumeAt(1);
      assertSame(own, assertThrows(RuntimeException.class, () -> other.save(file)));
      assertArrayEquals(old, Files.readAllBytes(file));
      silent.set(false);
      other.save(file);
      silent.set(true);
      assertSame(own, assertThrows(RuntimeException.class, () -> other.load(file)));
      assertEquals(1, other.stepCount());
      silent.set(false);
      other.step();
    }
  }
}
