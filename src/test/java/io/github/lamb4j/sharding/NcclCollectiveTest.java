package io.github.lamb4j.sharding;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import io.github.lamb4j.error.CollectiveException;
import io.github.lamb4j.internal.nccl.Nccl;
import java.io.File;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs on a stub of NCCL. {@code NcclOnDeviceTest} needs a GPU. */
@Timeout(60)
class NcclCollectiveTest {

  private static final Duration LONG = Duration.ofSeconds(30);
  private static final Duration SHORT = Duration.ofMillis(100);
  private static final long STREAM = 77;
  private static final String LAST = "last error of the stub";

  private static NcclStub stub;

  @BeforeAll
  static void install(@TempDir Path folder) throws Exception {
    stub = NcclStub.install(folder);
  }

  @AfterAll
  static void uninstall() {
    NcclStub.uninstall();
  }

  @BeforeEach
  void reset() {
    stub.reset();
  }

  private static NcclCollective alone(Duration timeout) {
    return NcclCollective.open(LocalCollective.of(1).get(0), timeout);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5})
  void shouldMoveBytesAsDefined(int size) throws Exception {
    RankThreads.succeed(
        LocalCollective.of(size),
        ranks -> {
          try (NcclCollective collective = NcclCollective.open(ranks, LONG)) {
            assertEquals(ranks.rank(), collective.rank());
            assertEquals(size, collective.size());
            for (int bytes : new int[] {1, 16, 5003}) {
              check(collective, bytes);
            }
            byte[][] messages = collective.exchange(new byte[] {(byte) ranks.rank()});
            assertEquals(size - 1, messages[size - 1][0]);
            collective.check();
          }
        });
    assertFalse(stub.log().contains("abort"), stub.log());
    assertEquals(size, stub.log().split("destroy", -1).length - 1, stub.log());
  }

  private static void check(NcclCollective collective, int bytes) {
    int size = collective.size();
    int rank = collective.rank();
    try (Memory send = new Memory((long) size * bytes);
        Memory receive = new Memory((long) size * bytes)) {
      byte[] data = HostCollectiveCheck.data(rank, size * bytes);
      send.write(0, data, 0, data.length);
      collective.allToAll(address(send), address(receive), bytes, STREAM);
      for (int peer = 0; peer < size; peer++) {
        byte[] sent = HostCollectiveCheck.data(peer, size * bytes);
        requireBlock(sent, rank * bytes, receive, peer * bytes, bytes);
      }
      collective.allGather(address(send), address(receive), bytes, STREAM);
      for (int peer = 0; peer < size; peer++) {
        byte[] sent = HostCollectiveCheck.data(peer, size * bytes);
        requireBlock(sent, 0, receive, peer * bytes, bytes);
      }
      int root = size - 1;
      collective.broadcast(address(send), (long) size * bytes, root, STREAM);
      byte[] sent = HostCollectiveCheck.data(root, size * bytes);
      requireBlock(sent, 0, send, 0, size * bytes);
    }
  }

  private static void requireBlock(byte[] sent, int offset, Memory receive, int at, int bytes) {
    byte[] expected = new byte[bytes];
    System.arraycopy(sent, offset, expected, 0, bytes);
    assertArrayEquals(expected, receive.getByteArray(at, bytes));
  }

  private static long address(Memory memory) {
    return Pointer.nativeValue(memory);
  }

  @Test
  void shouldPassArgumentsInOrder() {
    try (Memory a = new Memory(64);
        Memory b = new Memory(64);
        NcclCollective collective = alone(LONG)) {
      collective.allGather(address(a), address(b), 24, 5);
      collective.allToAll(address(a), address(b), 40, 6);
      collective.broadcast(address(b), 56, 0, 7);
      String expected =
          """
          init rank 0 of 1
          event flags 2
          allGather A to B count 24 type 0 on 5
          record on 5
          start
          send A count 40 type 0 to 0 on 6
          receive B count 40 type 0 from 0 on 6
          end
          record on 6
          broadcast B to B count 56 type 0 root 0 on 7
          record on 7
          """;
      assertEquals(
          expected
              .replace("A to", address(a) + " to")
              .replace("send A", "send " + address(a))
              .replace("to B", "to " + address(b))
              .replace("receive B", "receive " + address(b))
              .replace("broadcast B", "broadcast " + address(b)),
          stub.log());
    }
    assertTrue(stub.log().endsWith("finalize\ndestroy\n"), stub.log());
  }

  @ParameterizedTest
  @CsvSource({
    "ncclAllGather, 5, stub error",
    "ncclGroupStart, 3, stub error",
    "ncclSend, 5, stub error",
    "ncclRecv, 6, remote process exited",
    "ncclGroupEnd, 2, stub error",
    "ncclBroadcast, 1, stub error",
  })
  void shouldReportFailedCallsAndAbort(String function, int code, String text) {
    NcclCollective collective = alone(LONG);
    stub.fail(function, code);
    Executable call =
        () -> {
          try (Memory memory = new Memory(64)) {
            long address = address(memory);
            collective.allGather(address, address, 8, 0);
            collective.allToAll(address, address + 8, 8, 0);
            collective.broadcast(address, 8, 0, 0);
          }
        };
    String reason = "%s returned error %d (%s: %s)".formatted(function, code, text, LAST);
    assertEquals(reason, assertThrows(CollectiveException.class, call).reason());
    stub.reset();
    assertEquals(reason, assertThrows(CollectiveException.class, call).reason());
    assertEquals(reason, assertThrows(CollectiveException.class, collective::check).reason());
    assertThrows(CollectiveException.class, () -> collective.exchange(new byte[0]));
    assertEquals("", stub.log(), "no call after an error");
    collective.close();
    assertEquals("abort\n", stub.log());
  }

  @Test
  void shouldEndTheGroupIfASendFails() {
    NcclCollective collective = alone(LONG);
    stub.fail("ncclSend", 5);
    assertThrows(CollectiveException.class, () -> collective.allToAll(0, 0, 0, 0));
    assertTrue(stub.log().endsWith("end\n"), stub.log());
    collective.close();
  }

  @Test
  void shouldReportAsynchronousErrors() {
    NcclCollective collective = alone(LONG);
    collective.check();
    stub.setAsyncError(6);
    CollectiveException e = assertThrows(CollectiveException.class, collective::check);
    assertEquals(
        "the communicator returned error 6 (remote process exited: " + LAST + ")", e.reason());
    assertEquals(OptionalInt.empty(), e.culprit());
    collective.close();
    assertTrue(stub.log().endsWith("abort\n"), stub.log());
  }

  @Test
  void shouldReportOverdueOperations() throws Exception {
    NcclCollective collective = alone(SHORT);
    stub.setEvent(600);
    try (Memory memory = new Memory(64)) {
      Thread.sleep(150);
      collective.check();
      collective.broadcast(address(memory), 64, 0, 0);
      collective.check();
      Thread.sleep(150);
    }
    CollectiveException e = assertThrows(CollectiveException.class, collective::check);
    assertEquals(
        "rank 0: broadcast of 64 bytes from rank 0 (call 1) failed: not complete 100 ms after it"
            + " was enqueued; a rank stopped or made a different call",
        e.getMessage());
    collective.close();
    assertTrue(stub.log().endsWith("abort\n"), stub.log());
  }

  @Test
  void shouldReportErrorsOfTheDevice() {
    NcclCollective collective = alone(LONG);
    try (Memory memory = new Memory(8)) {
      collective.broadcast(address(memory), 8, 0, 0);
    }
    stub.setEvent(700);
    CollectiveException e = assertThrows(CollectiveException.class, collective::check);
    assertEquals("cuEventQuery returned error 700 (a CUDA error)", e.reason());
    collective.close();
  }

  @Test
  void shouldNotWaitForeverForConnections() {
    stub.setStuck();
    CollectiveException e = assertThrows(CollectiveException.class, () -> alone(SHORT));
    assertEquals(
        "rank 0: open failed: NCCL did not connect within 100 ms;"
            + " a rank stopped or made a different call",
        e.getMessage());
    assertTrue(stub.log().endsWith("abort\n"), stub.log());
  }

  @Test
  void shouldNotWaitForeverOnClose() {
    NcclCollective collective = alone(SHORT);
    stub.setStuck();
    assertThrows(CollectiveException.class, collective::close);
    assertTrue(stub.log().endsWith("finalize\nabort\n"), stub.log());
    collective.close();
    assertThrows(IllegalStateException.class, collective::check);
  }

  /** NCCL may then leave the communicator's address as it was. */
  @ParameterizedTest
  @CsvSource({"ncclGetUniqueId", "ncclCommInitRankConfig"})
  void shouldNotAbortWhatWasNotMade(String function) {
    stub.fail(function, 1);
    CollectiveException e = assertThrows(CollectiveException.class, () -> alone(LONG));
    assertTrue(e.getMessage().startsWith("rank 0: open failed: " + function), e.getMessage());
    assertEquals("", stub.log());
  }

  @Test
  void shouldNotAbortWhatWasDestroyed() {
    NcclCollective collective = alone(LONG);
    stub.fail("ncclCommDestroy", 1);
    CollectiveException e = assertThrows(CollectiveException.class, collective::close);
    assertTrue(e.reason().startsWith("ncclCommDestroy returned error 1"), e.reason());
    assertTrue(stub.log().endsWith("finalize\ndestroy\n"), stub.log());
  }

  @Test
  void shouldTellAllRanksIfOneHasNoLibrary() throws Exception {
    List<Throwable> thrown =
        RankThreads.run(
            LocalCollective.of(2),
            ranks ->
                NcclCollective.open(
                    ranks,
                    LONG,
                    () -> {
                      if (ranks.rank() == 1) {
                        throw new IllegalStateException("cannot load libnccl.so.2");
                      }
                      return Nccl.load();
                    }));
    assertEquals(
        "rank 0: open failed: rank 1 cannot use NCCL: cannot load libnccl.so.2",
        assertInstanceOf(CollectiveException.class, thrown.get(0)).getMessage());
    assertEquals("cannot load libnccl.so.2", thrown.get(1).getMessage());
  }

  @Test
  void shouldRejectOtherVersions() {
    byte[][] messages = {
      NcclRendezvous.ready(22304, new byte[128]), NcclRendezvous.ready(22105, new byte[0])
    };
    CollectiveException e =
        assertThrows(CollectiveException.class, () -> NcclRendezvous.agree(0, messages));
    assertEquals(
        "rank 1 has NCCL version code 22105, but rank 0 has 22304;"
            + " install the same version everywhere",
        e.reason());
  }

  @Test
  void shouldRejectOldVersions() {
    stub.setVersion(21304);
    IllegalStateException e = assertThrows(IllegalStateException.class, () -> alone(LONG));
    assertTrue(
        e.getMessage().endsWith("NCCL version code 21304; needs 2.14 (21400) or later"),
        e.getMessage());
  }

  @Test
  void shouldExplainMissingLibrary() {
    String file = System.getProperty(Nccl.PROPERTY);
    System.setProperty(Nccl.PROPERTY, "/no/libnccl.so.2");
    try {
      IllegalStateException e = assertThrows(IllegalStateException.class, () -> alone(LONG));
      assertTrue(
          e.getMessage()
              .startsWith(
                  "cannot load /no/libnccl.so.2: install NCCL (NVIDIA's package libnccl2), or name"
                      + " its library in -Dio.github.lamb4j.nccl: "),
          e.getMessage());
    } finally {
      System.setProperty(Nccl.PROPERTY, file);
    }
  }

  @Test
  void shouldExplainMissingJna() throws Exception {
    List<URL> others = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
      if (!entry.contains("jna")) {
        others.add(Path.of(entry).toUri().toURL());
      }
    }
    try (URLClassLoader loader =
        new URLClassLoader(others.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
      Class<?> local = loader.loadClass(LocalCollective.class.getName());
      Object ranks = ((List<?>) local.getMethod("of", int.class).invoke(null, 1)).get(0);
      Method open =
          loader
              .loadClass(NcclCollective.class.getName())
              .getMethod("open", loader.loadClass(Ranks.class.getName()), Duration.class);
      Throwable thrown =
          assertThrows(InvocationTargetException.class, () -> open.invoke(null, ranks, LONG))
              .getCause();
      assertEquals(
          "NCCL needs JNA: add net.java.dev.jna:jna to the program's dependencies",
          assertInstanceOf(IllegalStateException.class, thrown).getMessage());
    }
  }

  @Test
  void shouldRejectBadArguments() {
    try (NcclCollective collective = alone(LONG)) {
      assertEquals(
          "bytes -1: must not be negative",
          assertThrows(IllegalArgumentException.class, () -> collective.allGather(0, 0, -1, 0))
              .getMessage());
      assertThrows(IllegalArgumentException.class, () -> collective.broadcast(0, 1, 1, 0));
    }
  }
}
