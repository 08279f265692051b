// Value noise without textures, one feature per unit of x; numbers drawn by a seed.
uniform float seed;

float hash(vec3 p) {
    p = fract(p * vec3(0.1031, 0.1030, 0.0973));
    p += dot(p, p.yxz + 33.33);
    return fract((p.x + p.y) * p.z);
}

float noise(vec3 x) {
    vec3 i = floor(x), f = fract(x);
    f = f * f * (3.0 - 2.0 * f);
    vec4 low = vec4(hash(i), hash(i + vec3(1, 0, 0)), hash(i + vec3(0, 1, 0)), hash(i + vec3(1, 1, 0)));
    i.z += 1.0;
    vec4 high = vec4(hash(i), hash(i + vec3(1, 0, 0)), hash(i + vec3(0, 1, 0)), hash(i + vec3(1, 1, 0)));
    vec4 z = mix(low, high, f.z);
    vec2 y = mix(z.xy, z.zw, f.y);
    return mix(y.x, y.y, f.x);
}

float fbm(vec3 x) {
    float amplitude = 0.5, sum = 0.0;
    for (int i = 0; i < 4; i++) {
        sum += amplitude * noise(x);
        x = x * 2.03 + 7.1;
        amplitude *= 0.5;
    }
    return sum;
}

float draw_number(float i, float j) { return hash(vec3(i + 0.37, j + 0.71, seed)); }
