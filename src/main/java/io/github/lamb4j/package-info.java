/** The LAMB optimizer for JCuda programs, and its CPU twin. */
package io.github.lamb4j;
