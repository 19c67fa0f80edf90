/* Mathematical functions for the decoder for browsers, where there is no C library. Speech alone uses them.

   `cos` (from -1e5 to 1e5) and `log10` (of positive normal numbers) are right to 2 units in the last place or so, `pow`
   (of a positive base, with a result from 1e-5 to 1e5) to 20. The format allows decoded speech to differ by far more. */
#include <stdint.h>

#define LN2_HIGH 0x1.62e42feep-1 /* 32 bits of ln 2, so that small multiples of it are exact */
#define LN2_LOW 0x1.a39ef35793c76p-33
#define HALF_PI_HIGH 0x1.921fb544p+0 /* likewise of pi / 2 */
#define HALF_PI_LOW 0x1.0b4611a626331p-34
#define LN10 2.302585092994045684

typedef union {
    double number;
    uint64_t bits;
} number_and_bits;

static double power_of_2(int exponent) {
    number_and_bits value = {.bits = (uint64_t)(exponent + 1023) << 52};
    return value.number;
}

/* ln x = 2 artanh((m - 1) / (m + 1)) + exponent ln 2, where x = m 2^exponent and m is near 1 */
static double natural_logarithm(double x) {
    number_and_bits value = {.number = x};
    int exponent = (int)(value.bits >> 52) - 1023;
    value.bits = (value.bits & 0xfffffffffffffULL) | (1023ULL << 52);
    double m = value.number;
    if (m > 1.4142135623730951) {
        m *= 0.5;
        exponent++;
    }
    double s = (m - 1.0) / (m + 1.0), square = s * s, sum = 0.0;
    for (int n = 23; n >= 3; n -= 2) sum = (sum + 1.0 / n) * square;
    return exponent * LN2_HIGH + (exponent * LN2_LOW + 2.0 * s * sum + 2.0 * s);
}

static double exponential(double x) {
    if (x > 709.0) return __builtin_inf();
    if (x < -708.0) return 0.0;
    double whole = __builtin_rint(x * (1.0 / 0.6931471805599453));
    double rest = (x - whole * LN2_HIGH) - whole * LN2_LOW, sum = 1.0;
    for (int n = 14; n >= 1; n--) sum = 1.0 + sum * rest / n;
    return sum * power_of_2((int)whole);
}

double log10(double x) { return natural_logarithm(x) * (1.0 / LN10); }

double pow(double base, double exponent) { return exponential(exponent * natural_logarithm(base)); }

/* The alternating series of sine (first = 1) or cosine (first = 0), for up to pi / 4. */
static double series(double x, int first) {
    double square = x * x, sum = 1.0;
    for (int n = 18 + first; n > first; n -= 2) sum = 1.0 - sum * square / (n * (n - 1));
    return first ? sum * x : sum;
}

double cos(double x) {
    double whole = __builtin_rint(x * (1.0 / 1.5707963267948966));
    double rest = (x - whole * HALF_PI_HIGH) - whole * HALF_PI_LOW;
    switch ((int)whole & 3) {
        case 0: return series(rest, 0);
        case 1: return -series(rest, 1);
        case 2: return -series(rest, 0);
        default: return series(rest, 1);
    }
}
