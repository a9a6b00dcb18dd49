package io.github.lamb4j.emulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Plants faults that a GPU accepts, one by one. Each must be found and named. */
class ChecksTest {

  static final String START =
      """

      .reg .pred %p<8>;
      .reg .b32 %r<32>;
      .reg .b64 %d<16>;
      ld.param.u64 %d0, [out];
      mov.u32 %r0, %ctaid.x;
      mov.u32 %r1, %tid.x;
      mov.u32 %r2, %laneid;
      """;

  static final String SHARED =
      START
          + """
          .shared .align 16 .b8 values[256];
          shl.b32 %r3, %r1, 2;
          mov.u32 %r4, values;
          add.u32 %r5, %r4, %r3;
          """;

  static String fault(String body, int grid, int threads, long seed) {
    EmulatorException e =
        assertThrows(EmulatorException.class, () -> Ptx.run(body, grid, threads, 64, seed));
    return e.getMessage();
  }

  static void expect(String message, String... parts) {
    for (String part : parts) assertTrue(message.contains(part), message);
  }

  /** The line in the PTX text that contains a part of the kernel's body. */
  static String line(String body, String part) {
    int before = (int) body.substring(0, body.indexOf(part)).lines().count();
    boolean startsLine = body.charAt(body.indexOf(part) - 1) == '\n';
    return "PTX line " + (3 + before + (startsLine ? 1 : 0));
  }

  @Test
  void shouldFindAStorePastTheEnd() {
    String body =
        START
            + """
            mul.wide.u32 %d1, %r1, 4;
            add.u64 %d1, %d1, %d0;
            st.global.u32 [%d1+4], %r1;
            ret;
            """;
    String message = fault(body, 1, 64, 1);
    expect(message, "kernel test", "block 0, thread 63", line(body, "st.global"));
    expect(message, "st.global.u32 [%d1+4], %r1", "0 bytes past the end of 'output'");
  }

  @Test
  void shouldFindAMisalignedVector() {
    String body = START + "ld.global.v2.u32 {%r3, %r4}, [%d0+4];\nret;\n";
    expect(fault(body, 1, 1, 1), line(body, "ld.global"), "not aligned to 8 bytes");
  }

  @Test
  void shouldFindAnAccessOutsideSharedVariables() {
    String body = SHARED + "st.shared.u32 [%r5+256], %r1;\nret;\n";
    expect(fault(body, 1, 1, 1), line(body, "st.shared"), "shared memory", "out of bounds");
  }

  @Test
  void shouldFindAReadOfUninitializedMemory() {
    String body = SHARED + "ld.shared.u32 %r6, [%r5];\nret;\n";
    expect(fault(body, 1, 1, 1), line(body, "ld.shared"), "uninitialized");

    EmulatorException e =
        assertThrows(
            EmulatorException.class,
            () -> {
              EmulatedDriver driver = new EmulatedDriver();
              long scratch = driver.allocate(256, "scratch");
              String load = START + "ld.global.u32 %r3, [%d0+8];\nret;\n";
              byte[] ptx = Ptx.kernel(".param .u64 out", load);
              Ptx.launch(driver, ptx, 1, 1, 0, Ptx.argument(scratch));
            });
    expect(e.getMessage(), "uninitialized", "8 bytes into 'scratch'");
  }

  @Test
  void shouldFindADivergentBarrier() {
    String exits = START + "setp.lt.u32 %p1, %r1, 40;\n@%p1 ret;\nbar.sync 0;\nret;\n";
    for (long seed = 1; seed < 5; seed++) {
      expect(fault(exits, 1, 64, seed), "divergent barrier", line(exits, "bar.sync"));
    }
    String parts =
        START
            + """
            setp.lt.u32 %p1, %r1, 16;
            @%p1 bra Low;
            bar.sync 0;
            ret;
            Low:
            bar.sync 0;
            ret;
            """;
    expect(fault(parts, 1, 64, 1), "divergent barrier", "one warp");
    String others =
        START
            + """
            setp.lt.u32 %p1, %r1, 32;
            @%p1 bra Low;
            bar.sync 0;
            ret;
            Low:
            bar.sync 1;
            ret;
            """;
    expect(
        fault(others, 1, 64, 1),
        "deadlock",
        line(others, "bar.sync 0"),
        line(others, "bar.sync 1"));
  }

  @Tag("slow")
  @Test
  void shouldFindADeadlock() {
    String spins =
        START
            + """
            Spin:
            ld.acquire.gpu.global.u32 %r3, [%d0];
            setp.eq.u32 %p1, %r3, 0;
            @%p1 bra Spin;
            ret;
            """;
    expect(fault(spins, 2, 32, 1), "deadlock", "nothing changes", "32 threads at PTX line 1");
    // Code for a debugger also stores what it loads to local memory.
    String debug =
        ".local .align 4 .b8 kept[4];" + spins.replace("setp", "st.local.u32 [kept], %r3;\nsetp");
    expect(fault(debug, 2, 32, 1), "deadlock", "nothing changes");
    // Four blocks wait for a fifth, which starts only when one of them ends.
    String waits =
        START
            + """
            setp.eq.u32 %p1, %r0, 4;
            @%p1 st.release.gpu.global.u32 [%d0], 1;
            Spin:
            ld.acquire.gpu.global.u32 %r3, [%d0];
            setp.eq.u32 %p1, %r3, 0;
            @%p1 bra Spin;
            ret;
            """;
    expect(fault(waits, 5, 1, 1), "deadlock", "1 of 5 blocks have not started");
    Ptx.run(waits.replace("%r0, 4", "%r0, 3"), 5, 1, 64, 1);
  }

  /** A long loop whose counter is in local memory is no deadlock. */
  @Tag("slow")
  @Test
  void shouldNotTakeALongLoopForADeadlock() {
    String counts =
        START
            + """
            .local .align 4 .u32 count;
            st.local.u32 [count], 0;
            Again:
            ld.local.u32 %r3, [count];
            add.u32 %r3, %r3, 1;
            st.local.u32 [count], %r3;
            setp.lt.u32 %p1, %r3, 1000000;
            @%p1 bra Again;
            st.global.u32 [%d0], %r3;
            ret;
            """;
    assertEquals(1_000_000, Ptx.run(counts, 1, 1, 1, 1)[0]);
  }

  @Test
  void shouldFindAShuffleFromAnInactiveLane() {
    String missing =
        START
            + "setp.eq.u32 %p1, %r2, 5;\n@%p1 ret;\nshfl.sync.idx.b32 %r3, %r2, 0, 31, -1;\nret;\n";
    expect(fault(missing, 1, 32, 1), "lanes that do not run");
    String source =
        START
            + """
            setp.ge.u32 %p1, %r2, 16;
            @%p1 bra End;
            shfl.sync.idx.b32 %r3, %r2, 20, 31, 0xffff;
            End:
            ret;
            """;
    expect(fault(source, 1, 32, 1), "reads from lane 20");
  }

  @Test
  void shouldFindUseAfterFree() {
    EmulatedDriver driver = new EmulatedDriver();
    long gone = Ptx.upload(driver, "old weights", 1, 2, 3);
    driver.free(gone);
    byte[] ptx = Ptx.kernel(".param .u64 out", START + "ld.global.u32 %r3, [%d0+4];\nret;\n");
    EmulatorException e =
        assertThrows(
            EmulatorException.class, () -> Ptx.launch(driver, ptx, 1, 1, 0, Ptx.argument(gone)));
    expect(e.getMessage(), "4 bytes into 'old weights'", "which was freed");
    expect(assertThrows(EmulatorException.class, () -> driver.free(gone)).getMessage(), "freed");
  }

  @Test
  void shouldFindAnEarlyReadOfAnAsynchronousCopy() {
    String copy =
        SHARED
            + """
            cp.async.ca.shared.global [%r4], [%d0], 4;
            cp.async.commit_group;
            cp.async.wait_group 1;
            ld.shared.u32 %r6, [%r4];
            ret;
            """;
    expect(fault(copy, 1, 1, 1), "uninitialized");
    Ptx.run(copy.replace("wait_group 1", "wait_group 0"), 1, 1, 64, 1);
  }

  @Test
  void shouldFindAReadOnlyLoadOfMemoryWrittenByTheLaunch() {
    String body = START + "st.global.u32 [%d0], 5;\nld.global.nc.u32 %r3, [%d0];\nret;\n";
    expect(fault(body, 1, 1, 1), line(body, "ld.global.nc"), "read-only load");
    Ptx.run(body.replace("nc.u32 %r3, [%d0]", "nc.L1::no_allocate.u32 %r3, [%d0+4]"), 1, 1, 64, 1);
  }

  @Test
  void shouldFindADivisionByZero() {
    String body = START + "div.u32 %r3, 5, %r1;\nret;\n";
    expect(fault(body, 1, 1, 1), line(body, "div.u32"), "zero");
  }
}
