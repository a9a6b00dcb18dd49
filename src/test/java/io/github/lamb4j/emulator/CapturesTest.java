package io.github.lamb4j.emulator;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.emulator.EmulatedDriver.Call;
import io.github.lamb4j.error.CudaException;
import io.github.lamb4j.internal.cuda.driver.CudaDriver.Launch;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Checks of captures that a GPU's driver lacks or reports differently. */
class CapturesTest {

  private static final String STORE =
      """

      .reg .b64 %d<2>;
      ld.param.u64 %d0, [out];
      st.global.u32 [%d0], 7;
      ret;
      """;

  private final EmulatedDriver driver = new EmulatedDriver();
  private final CudaStream stream = driver.newStream();
  private final long out = Ptx.upload(driver, "output", 0, 0);
  private final long module = driver.loadModule(Ptx.kernel(".param .u64 out", STORE));
  private final Launch store = prepare(1, 1);

  private Launch prepare(int grid, int threads) {
    long function = driver.function(module, "test");
    return driver.prepare(function, "test", grid, threads, 0, Ptx.argument(out));
  }

  private static int code(Executable call) {
    return assertThrows(CudaException.class, call).code();
  }

  private static String finding(Executable call) {
    return assertThrows(EmulatorException.class, call).getMessage();
  }

  @Test
  void shouldReportLaunchesWhenTheyRun() {
    Graph graph = driver.capture(stream, () -> store.enqueue(stream));
    assertEquals(List.of(), driver.launches());
    graph.replay();
    graph.replay();
    assertEquals(2, driver.launches().size());
    assertSame(stream, driver.lastLaunch().stream());
    assertEquals(4, driver.lastLaunch().bytesStored());
  }

  @Test
  void shouldCaptureOnlyOneStream() {
    CudaStream other = driver.newStream();
    Graph graph =
        driver.capture(
            stream,
            () -> {
              assertFalse(driver.isCapturing(other));
              store.enqueue(other);
              driver.synchronize(other);
              assertArrayEquals(new int[] {7, 0}, download(other));
              driver.clear(out, 4, stream);
            });
    assertArrayEquals(new int[] {7, 0}, download(other));
    graph.replay();
    assertArrayEquals(new int[] {0, 0}, download(stream));
  }

  private int[] download(CudaStream on) {
    var bytes = Ptx.buffer(8);
    driver.copyToHost(bytes, out, on);
    return new int[] {bytes.getInt(0), bytes.getInt(4)};
  }

  @Test
  void shouldRefuseToCaptureTheLegacyStream() {
    for (CudaStream legacy : new CudaStream[] {null, CudaStream.LEGACY}) {
      assertEquals(900, code(() -> driver.capture(legacy, () -> {})));
    }
    Runnable again = () -> driver.capture(stream, () -> {});
    assertTrue(finding(() -> driver.capture(stream, again)).contains("being captured"));
  }

  @Test
  void shouldRefuseCallsThatAreNotStreamOrdered() {
    List<Executable> calls =
        List.of(
            () -> driver.allocate(4, "a"),
            () -> driver.free(out),
            () -> driver.loadModule(Ptx.kernel(".param .u64 out", STORE)),
            () -> driver.unloadModule(module));
    for (Executable call : calls) {
      Runnable work = () -> assertEquals(900, code(call));
      assertEquals(901, code(() -> driver.capture(stream, work)));
    }
    assertEquals(List.of("'output' (8 bytes at 0x%x)".formatted(out)), driver.liveAllocations());
    store.enqueue(stream); // the module is still loaded
  }

  @Test
  void shouldRefuseGraphsInACapture() {
    Graph graph = driver.capture(stream, () -> store.enqueue(stream));
    assertTrue(finding(() -> driver.capture(stream, graph::replay)).contains("not modeled"));
  }

  @Test
  void shouldRefuseEventsInACapture() {
    long event = driver.createEvent();
    driver.recordEvent(event, stream);
    Runnable work = () -> driver.recordEvent(event, stream);
    assertTrue(finding(() -> driver.capture(stream, work)).contains("not modeled"));
  }

  @Test
  void shouldRefuseALaunchThatDoesNotFitAtItsCapture() {
    Launch none = prepare(0, 1);
    Runnable work = () -> assertEquals(1, code(() -> none.enqueue(stream)));
    driver.capture(stream, work).close();
  }

  @Test
  void shouldFindFreedResourcesWhenAGraphIsReplayed() {
    Graph launch = driver.capture(stream, () -> store.enqueue(stream));
    Graph clear = driver.capture(stream, () -> driver.clear(out, 8, stream));
    driver.free(out);
    assertTrue(finding(clear::replay).contains("freed"));
    assertTrue(finding(launch::replay).contains("freed"));
    driver.unloadModule(module);
    assertTrue(finding(launch::replay).contains("kernel test of an unloaded module"));
  }

  @Test
  void shouldReportGraphsThatWereNotClosed() {
    Graph graph = driver.capture(stream, () -> store.enqueue(stream));
    assertTrue(finding(driver::close).contains("a graph of 1 calls"));
    graph.close();
    assertTrue(finding(graph::replay).contains("closed"));
    assertTrue(finding(graph::close).contains("closed twice"));
    assertFalse(finding(driver::close).contains("graph"));
  }

  @ParameterizedTest
  @EnumSource(names = {"BEGIN_CAPTURE", "END_CAPTURE", "LAUNCH_GRAPH", "IS_CAPTURING"})
  void shouldInjectFailures(Call call) {
    driver.fail(call, 1, 719);
    Runnable work = () -> store.enqueue(stream);
    CudaException e =
        assertThrows(
            CudaException.class,
            () -> {
              driver.capture(stream, work).replay();
              driver.isCapturing(stream);
            });
    assertEquals(719, e.code());
    assertEquals(call.entryPoint, e.call());
    driver.capture(stream, work).replay();
    assertArrayEquals(new int[] {7, 0}, download(stream));
  }

  @Test
  void shouldRequireTheContext() {
    Graph graph = driver.capture(stream, () -> store.enqueue(stream));
    driver.makeCurrent(0);
    assertEquals(201, code(() -> driver.isCapturing(stream)));
    assertEquals(201, code(() -> driver.capture(stream, () -> {})));
    assertEquals(201, code(graph::replay));
  }
}
