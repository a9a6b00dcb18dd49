package io.github.lamb4j.emulator;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Parses PTX text. Anything unsupported is an error that names the line. */
class PtxParserTest {

  private static final String REGISTERS =
      "\n.reg .pred %p<4>;\n.reg .b16 %h<4>;\n.reg .b32 %r<4>;\n.reg .b64 %d<4>;\n";

  /** Line 9 of the text, after the header, the kernel's signature and the registers. */
  private static EmulatorException refusal(String statement) {
    byte[] ptx = Ptx.kernel(".param .u64 out", REGISTERS + statement + "\nret;\n");
    EmulatedDriver driver = new EmulatedDriver();
    return assertThrows(
        EmulatorException.class, () -> driver.function(driver.loadModule(ptx), "test"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        // unknown instructions
        "frobnicate.u32 %r0, %r1;",
        "fma.f32 %r0, %r1, %r2, %r3;",
        "add.ftz.f64 %d0, %d1, %d2;",
        "div.f32 %r0, %r1, %r2;",
        "tanh.approx.ftz.f32 %r0, %r1;",
        "mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64 {%d0, %d1}, {%d0}, {%d0}, {%d0, %d1};",
        "tex.2d.v4.f32.f32 {%r0, %r1, %r2, %r3}, [%d0, {%r0, %r1}];",
        "add.u31 %r0, %r1, %r2;",
        // unknown modifiers
        "ld.global.L1::maybe.u32 %r0, [%d0];",
        "ld.gobal.u32 %r0, [%d0];",
        "ld.acquire.global.u32 %r0, [%d0];",
        "st.acquire.gpu.global.u32 [%d0], %r0;",
        "atom.global.add.s64 %d1, [%d0], %d2;",
        "atom.global.nand.b32 %r1, [%d0], %r2;",
        "red.global.exch.b32 [%d0], %r2;",
        "bar.sync.unaligned 0;",
        "shfl.down.b32 %r0, %r1, 1, 31;",
        "bra.sometimes End;",
        "fence.proxy.alias;",
        // invalid operands
        "add.u32 %r0, %r1;",
        "add.u32 %r0, %r1, %r2, %r3;",
        "add.u32 %r0, %r1, %q1;",
        "add.u32 %r0, %r1, %r4;",
        "ld.global.v4.u32 {%r0, %r1}, [%d0];",
        "ld.global.u64 %r0, [%d0];",
        "ld.global.u32 %r0, [out];",
        "mov.u32 %r0, %pm0;",
        "setp.eq.u32 %r0, %r1, %r2;",
        "@%r0 ret;",
        "bra Nowhere;",
        "lop3.b32 %r0, %r1, %r2, %r3, 256;",
        "cp.async.cg.shared.global [%r0], [%d0], 8;",
        "call (%r0), f, (%r1);",
        // unknown directives and invalid text
        ".maxnctapersm 3;",
        ".reg .b7 %x;",
        "ret",
        "ld.global.u32 %r0, %d0];",
        "add.u32 %r0, %r1, §;"
      })
  void shouldNameTheLineOfAnUnknownStatement(String statement) {
    EmulatorException e = refusal(statement);
    assertTrue(e.getMessage().contains("PTX line 9:"), e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {".frob 3", ".alias a, b;", ".tex .u32 image;", "ret;"})
  void shouldRefuseUnknownDirectives(String text) {
    EmulatorException e =
        assertThrows(
            EmulatorException.class, () -> new EmulatedDriver().loadModule(Ptx.module(text)));
    assertTrue(e.getMessage().startsWith("PTX line 4:"), e.getMessage());
  }

  @Test
  void shouldParseCompilerOutput() {
    int[] values =
        Ptx.run(
            """
            // a comment
            .reg .b32 %r<3>, %x;
            .reg .b64 %SP;
            .loc 1 23 0
            .pragma "nounroll";
            /* a comment
               of two lines */
            ld.param.u64 %SP, [out];
            mov.u32 %x, 0x10U;
            {
              .reg .b32 %x;
              mov.u32 %x, 5; { .reg .b32 t; mov.u32 t, 3; add.s32 %r1, %x, t; }
            }
            $L__BB0_1:
            add.s32 %r2, %x, %r1;
            st.global.u32 [%SP+8+-8], %r2;
            ret;
            """
                .replace("8+-8", "0")
                .replace("// a comment", "// a comment with { and ; in it"),
            1,
            1,
            1,
            1);
    assertArrayEquals(new int[] {24}, values);
  }

  @Test
  void shouldParseLiterals() {
    int[] values =
        Ptx.run(
            """

            .reg .b64 %d<2>;
            .reg .b32 %r<2>;
            ld.param.u64 %d0, [out];
            st.global.u32 [%d0], -7;
            st.global.u32 [%d0+4], 0x1F;
            st.global.u32 [%d0+8], 017;
            st.global.u32 [%d0+12], 0b101;
            st.global.f32 [%d0+16], 0f3f800000;
            st.global.f32 [%d0+20], 1.5;
            st.global.f64 [%d0+24], 0dbff0000000000000;
            st.global.f64 [%d0+32], -2.0;
            ret;
            """,
            1, 1, 10, 1);
    assertArrayEquals(
        new int[] {-7, 31, 15, 5, 0x3f800000, 0x3fc00000, 0, 0xbff00000, 0, 0xc0000000}, values);
  }

  @Test
  void shouldParseKernelDirectives() {
    ParsedModule module =
        PtxParser.parse(
            """
            .version 7.8
            .target sm_80
            .address_size 64
            .file 1 "x.cu"
            .extern .shared .align 16 .b8 ring[];
            .weak .entry k(
              .param .u64 .ptr .global .align 16 a,
              .param .align 8 .b8 b[12]
            )
            .maxntid 16, 2, 1
            .minnctapersm 2
            { ret; }
            """);
    assertEquals(78, module.version());
    assertEquals(80, module.target());
    ParsedModule.Function kernel = module.kernels().get(0);
    assertEquals(32, kernel.maxThreads());
    assertEquals(8, kernel.parameters().get(0).alignment());
    assertEquals(12, kernel.parameters().get(1).bytes());
    assertEquals(8, kernel.parameters().get(1).alignment());
    assertEquals(-1, module.variables().get(0).bytes());
  }
}
