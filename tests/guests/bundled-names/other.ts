export class Bar {}
export default class {}
export const boxed = class Boxed {
  static self = Boxed;
};
